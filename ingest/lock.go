package ingest

import (
	"errors"

	"golang.org/x/text/encoding/charmap"

	"debrief/event"
)

// errLocked is the reason of members that the password does not open.
var errLocked = errors.New("encrypted")

// locks counts what of an archive needs a password.
type locks struct {
	members int
	list    bool // the list of members itself
}

// lockProblem says once for an archive that it needs a password.
func (r *reader) lockProblem(a *archive) {
	what := event.Plural(a.locked.members, "member") + " encrypted"
	switch {
	case a.locked.list:
		what = "its list of members is encrypted"
	case a.locked.members == 0:
		return
	}
	if r.opts.Password != "" {
		what += "; the one given does not open it"
	}
	r.archiveProblem(a, event.Unreadable, "needs a password: --password ("+what+")")
}

// passwords returns the bytes that the password may stand for: ZIP does not say
// how characters outside ASCII become bytes, and older tools on Windows take
// the code page of the machine.
func (r *reader) passwords() [][]byte {
	list := [][]byte{[]byte(r.opts.Password)}
	for _, page := range []*charmap.Charmap{charmap.Windows1252, charmap.CodePage850, charmap.CodePage437} {
		if s, err := page.NewEncoder().String(r.opts.Password); err == nil && s != r.opts.Password {
			list = append(list, []byte(s))
		}
	}
	return list
}
