package timeline

import (
	"slices"
	"strings"

	"debrief/event"
)

// readLogs runs the readers of the single logs over all events, once.
func (b *builder) readLogs() {
	sequences := &sequences{b: b}
	setup := &ccmsetup{b: b}
	installers := &installers{b: b, runs: map[string]*draft{}}
	packages := &packages{b: b, downloads: map[string]*draft{}, installs: map[string]*draft{}}
	agent := &agent{b: b, open: map[string]*draft{}, names: map[string]event.Fact{}, exits: map[string]event.Fact{}}
	management := &comanagement{}
	for i := range b.in.Events {
		e := &b.in.Events[i]
		switch e.Source {
		case "log.comanagementhandler":
			management.read(e)
		case event.LogSmsts:
			sequences.read(e)
		case event.LogCcmsetup:
			setup.read(e)
		case event.LogClientMSI, event.LogMSI:
			installers.read(e)
		case event.DMEDP:
			packages.read(e)
		case event.LogIME:
			agent.read(e)
		}
	}
	setup.finish()
	agent.finish()
	management.finish(b)
	b.spans = slices.DeleteFunc(b.spans, func(d *draft) bool { return d.Kind == "" })
}

// between returns what stands between two texts, from the first one on.
func between(s, open, shut string) (string, bool) {
	_, rest, ok := strings.Cut(s, open)
	if !ok {
		return "", false
	}
	return cutBefore(rest, shut)
}

func cutBefore(s, shut string) (string, bool) {
	found, _, ok := strings.Cut(s, shut)
	return found, ok
}

// leadingNumber reads the decimal number that s begins with.
func leadingNumber(s string) (int64, bool) {
	s = strings.TrimLeft(s, " ")
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	var n int64
	i := 0
	for i < len(s) && i < 18 && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int64(s[i]-'0')
		i++
	}
	if negative {
		n = -n
	}
	return n, i > 0
}

// numberAfter reads the number that follows a text.
func numberAfter(s, text string) (int64, bool) {
	_, rest, ok := strings.Cut(s, text)
	if !ok {
		return 0, false
	}
	return leadingNumber(rest)
}
