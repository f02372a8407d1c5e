package index

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"debrief/event"
)

// made is a generator of plausible log events: a skewed vocabulary, GUIDs,
// paths, codes and numbers, in several files of text and event logs.
type made struct {
	r     *rand.Rand
	words []string
	zipf  *rand.Zipf
	guids []string

	patterns []string // message templates
	often    *rand.Zipf
}

func newMade(seed uint64) *made {
	r := rand.New(rand.NewPCG(seed, 7))
	m := &made{r: r}
	syllables := strings.Fields("al be con di en fer gra hy in jo ka lo mi no op pre qua re si tor un ver wi xe yo ze ment tion ing able")
	for range 6000 {
		w := ""
		for range 1 + r.IntN(4) {
			w += syllables[r.IntN(len(syllables))]
		}
		m.words = append(m.words, w)
	}
	m.zipf = rand.NewZipf(r, 1.15, 4, uint64(len(m.words)-1))
	for range 300 {
		m.guids = append(m.guids, m.guid())
	}
	m.patterns = m.templates()
	m.often = rand.NewZipf(r, 1.1, 8, uint64(len(m.patterns)-1))
	return m
}

func (m *made) word() string { return m.words[m.zipf.Uint64()] }

func (m *made) guid() string {
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", m.r.Uint32(), m.r.IntN(1<<16), m.r.IntN(1<<16), m.r.IntN(1<<16), m.r.Int64N(1<<48))
}

// known is a GUID that turns up often, or a new one.
func (m *made) known() string {
	if m.r.IntN(3) > 0 {
		return m.guids[m.r.IntN(len(m.guids))]
	}
	return m.guid()
}

// templates are the messages that the programs know: words with gaps. Logs are
// made of some hundred of these, the frequent ones making up most of it.
func (m *made) templates() []string {
	gaps := []string{"{guid}", "{num}", "{num}", "{path}", "{code}", "{word}", "{word}", "{version}", "{url}"}
	list := make([]string, 800)
	for i := range list {
		var b strings.Builder
		for n := range 5 + m.r.IntN(16) {
			if n > 0 {
				b.WriteByte(' ')
			}
			if m.r.IntN(6) == 0 {
				b.WriteString(gaps[m.r.IntN(len(gaps))])
			} else {
				b.WriteString(m.word())
			}
		}
		list[i] = b.String()
	}
	return list
}

// message is one line as a management client writes it.
func (m *made) message() string {
	t := m.patterns[m.often.Uint64()]
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(t, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		gap, after, _ := strings.Cut(rest, "}")
		switch t = after; gap {
		case "guid":
			b.WriteString("{" + m.known() + "}")
		case "num":
			fmt.Fprintf(&b, "%d", m.r.IntN(1<<(1+m.r.IntN(26))))
		case "path":
			fmt.Fprintf(&b, `C:\Windows\ccmcache\%s\%s.msi`, string('a'+rune(m.r.IntN(26))), m.word())
		case "code":
			b.WriteString("failed with error " + madeCodes[m.r.IntN(len(madeCodes))])
		case "version":
			fmt.Fprintf(&b, "5.00.%d.%d", 9000+m.r.IntN(200), 1000+m.r.IntN(50))
		case "url":
			fmt.Fprintf(&b, "https://%s.corp.example/SMS_MP/.sms_aut?MPLIST", m.word())
		default:
			b.WriteString(m.word())
		}
	}
}

var madeCodes = []string{"0x80070643", "0x80072ee7", "-2147023293", "0x87d00215", "0x80180014", "0x800705b4"}

var (
	madeFiles      = []string{"ccmsetup/ccmsetup.log", "CCM/Logs/CAS.log", "CCM/Logs/PolicyAgent.log", "mdm.cab/shell-core.evtx", "SMSTS/smsts.log", "Ümlaut/Füße.log"}
	madeComponents = []string{"ccmsetup", "CAS", "PolicyAgent_ReplyAssignments", "Microsoft-Windows-Shell-Core", "TSManager", ""}
)

// events makes n events of one case in the order of time.
func (m *made) events(n int) []event.Event {
	start := time.Date(2024, 3, 5, 8, 0, 0, 0, time.UTC).Add(time.Duration(m.r.IntN(90*24)) * time.Hour)
	out := make([]event.Event, n)
	offsets := map[string]int64{}
	lines := map[string]int{}
	for i := range out {
		f := int(m.r.IntN(1<<10)*len(madeFiles)) >> 10
		e := &out[i]
		start = start.Add(time.Duration(m.r.IntN(3000)) * time.Millisecond)
		file := "Bundle.zip/" + madeFiles[f]
		*e = event.Event{
			Time: start, Clock: event.ClockAnchored, Offset: 60, Level: event.Level(2 + m.r.IntN(12)/9), Provider: madeComponents[f],
			Source: "log.ccm", Message: m.message(), Process: uint32(4 * m.r.IntN(500)), Thread: uint32(4 * m.r.IntN(3000)),
			Pos: event.Pos{File: file},
		}
		offsets[file] += int64(len(e.Message)) + 130
		lines[file]++
		e.Pos.Offset = offsets[file]
		if f == 3 {
			e.Source, e.Channel, e.ID, e.Pos.Record = event.ShellCore, "Microsoft-Windows-Shell-Core/Operational", 62400+uint32(m.r.IntN(9)), uint64(lines[file])
			e.Host, e.User, e.Name = "PC-1", "S-1-5-18", "CommercialOOBE_ESPProgress_"+m.word()
			e.Time = e.Time.Add(1700)
			e.Fields = event.Fields{{Name: "Value", Value: m.word()}, {Name: "HResult", Value: madeCodes[m.r.IntN(len(madeCodes))]}}
		} else {
			e.Pos.Line = lines[file]
		}
		if m.r.IntN(50) == 0 {
			e.Time, e.Clock, e.Offset = time.Time{}, event.ClockNone, 0
		}
		if m.r.IntN(200) == 0 {
			e.Flags, e.Level = event.Torn, event.LevelUnknown
		}
	}
	return out
}

// submission makes a whole case of n events.
func (m *made) submission(name string, n int) *Submission {
	events := m.events(n)
	s := &Submission{
		Name: name, Roots: []string{name}, Device: "PC-" + strings.ToUpper(m.word()), Serial: fmt.Sprintf("SN%06d", m.r.IntN(1e6)), OS: "22631",
		Collected: events[len(events)-1].Time.Truncate(time.Second), Added: time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC),
		Events:   event.All(events),
		Facts:    []event.Fact{event.Text("device.name", "", "PC", event.Pos{File: "a", Line: 3}), event.Number("os.build", "", 22631, event.Pos{})},
		Coverage: []event.Coverage{{File: madeFiles[0], Bytes: 10, Parser: "cmtrace", Sources: []event.Source{event.LogCcmsetup}, Status: event.Partial, Problems: []event.Problem{{Kind: event.Damage, Text: "cut"}}}},
		Blobs:    map[string][]byte{"timeline": []byte(`{"sessions":[]}`)},
		Judgement: Judgement{Outcome: "failure", Line: "Root cause: " + m.word(), Engine: "1.0", Rules: "abcd", Findings: []Finding{
			{Rule: []string{"net.cmg.dns", "ts.long-step", "tpm.attestation"}[m.r.IntN(3)], Version: "1.0.0", Hash: "h", Verdict: "fire", Role: "cause", Impact: "failure", Confidence: "proven", Root: true,
				When: events[0].Time, Message: "It failed", Codes: []uint32{0x80072ee7}, Evidence: []event.Pos{events[0].Pos}, Keys: map[string]string{"step": "7"}},
			{Rule: "esp.timeout", Verdict: "fire", Role: "symptom", ExplainedBy: []string{"net.cmg.dns"}},
			{Rule: "open.question", Verdict: "inconclusive"},
		}},
	}
	if s.Collected.Year() < 1970 {
		s.Collected = s.Added
	}
	for i, f := range madeFiles {
		data := []byte(strings.Repeat(m.message()+"\r\n", 1+m.r.IntN(50)))
		if i == 0 {
			data = []byte("the same in every case\n")
		}
		s.Files = append(s.Files, fileOf(name+"/"+f, data))
	}
	s.Files = append(s.Files, File{Path: name + "/lost.log", Size: 12})
	return s
}

func fileOf(path string, data []byte) File {
	return File{Path: path, Hash: hashOf(data), Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// now0 is the clock of queries in tests.
var now0 = time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC)
