package evtx

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"

	"debrief/event"
)

// shared returns the folder of real samples, or skips the test.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DEBRIEF_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("real samples are not here (%v); set DEBRIEF_SHARED", err)
	}
	return dir
}

// realLogs lists real event logs: loose ones, and those in bundles where
// cabextract can open them.
func realLogs(t testing.TB) []string {
	t.Helper()
	dir := shared(t)
	logs, err := filepath.Glob(filepath.Join(dir, "corpus", "evtx", "*.evtx"))
	if err != nil {
		t.Fatal(err)
	}
	bundles, err := filepath.Glob(filepath.Join(dir, "corpus", "bundles", "*.cab"))
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("cabextract")
	if err != nil {
		t.Log("cabextract is not installed; bundles are left out")
		bundles = nil
	}
	for _, b := range bundles {
		to := t.TempDir()
		if out, err := exec.Command(tool, "-q", "-F", "*.evtx", "-d", to, b).CombinedOutput(); err != nil {
			t.Fatalf("cabextract: %v: %s", err, out)
		}
		found, err := filepath.Glob(filepath.Join(to, "*.evtx"))
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, found...)
	}
	if len(logs) == 0 {
		t.Skip("no event logs among the real samples")
	}
	return logs
}

// leaf is one value that an oracle shows.
type leaf struct {
	name  string // "" = unnamed Data
	value any
}

// TestAgainstVelocidex holds that every record that Velocidex/evtx finds is
// found here with the same values. Velocidex runs guarded: it panics on some
// damaged files.
//
// Where the two differ by design or by its faults, sameValue says so.
func TestAgainstVelocidex(t *testing.T) {
	records, values := 0, 0
	for _, name := range realLogs(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ours := map[uint64][]Record{}
		for _, r := range decode(t, data).records {
			ours[r.Number] = append(ours[r.Number], r)
		}
		chunks, err := velocidex.GetChunks(bytes.NewReader(data))
		if err != nil {
			t.Logf("%s: Velocidex: %v", filepath.Base(name), err)
		}
		for _, c := range chunks {
			theirs, err := parseGuarded(c)
			if err != nil {
				t.Logf("%s: Velocidex: %v", filepath.Base(name), err)
			}
			for _, r := range theirs {
				records++
				n, diff := bestMatch(ours[r.Header.RecordID], r)
				values += n
				if diff != "" {
					t.Errorf("%s: record %d: %s", filepath.Base(name), r.Header.RecordID, diff)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d records and %d values agree", records, values)
}

func parseGuarded(c *velocidex.Chunk) (records []*velocidex.EventRecord, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.Parse(0)
}

// bestMatch compares their record with each of ours of that number.
func bestMatch(ours []Record, theirs *velocidex.EventRecord) (values int, diff string) {
	diff = "not found"
	root, ok := theirs.Event.(*ordereddict.Dict)
	if !ok {
		return 0, "" // they could not read it
	}
	leaves := velocidexLeaves(root)
	if len(ours) == 0 && !slices.ContainsFunc(leaves, func(l leaf) bool { return l.name == "System/Provider/Name" }) {
		return 0, "" // a record of zeros is reported as damage, not shown
	}
	for i := range ours {
		if ours[i].Torn {
			return 0, "" // each fills what is damaged in its own way
		}
		if diff = compareLeaves(&ours[i], leaves); diff == "" {
			return len(leaves), ""
		}
	}
	return 0, diff
}

// velocidexLeaves flattens their nested dictionaries.
func velocidexLeaves(root *ordereddict.Dict) (leaves []leaf) {
	top, _ := root.Get("Event")
	eventDict, ok := top.(*ordereddict.Dict)
	if !ok {
		return nil
	}
	for _, k := range eventDict.Keys() {
		v, _ := eventDict.Get(k)
		if k == "System" {
			leaves = systemLeaves(v, "System", leaves)
		} else if k == "EventData" || k == "UserData" {
			leaves = dataLeaves(v, k, leaves)
		}
	}
	return leaves
}

func systemLeaves(v any, path string, leaves []leaf) []leaf {
	d, ok := v.(*ordereddict.Dict)
	if !ok {
		return append(leaves, leaf{path, v})
	}
	for _, k := range d.Keys() {
		x, _ := d.Get(k)
		if k == "Value" {
			leaves = append(leaves, leaf{path, x})
			continue
		}
		leaves = systemLeaves(x, path+"/"+k, leaves)
	}
	return leaves
}

func dataLeaves(v any, name string, leaves []leaf) []leaf {
	switch v := v.(type) {
	case *ordereddict.Dict:
		named, isNamed := v.Get("Name")
		text, hasText := v.Get("Value")
		if s, ok := named.(string); ok && isNamed && name == "Data" {
			if hasText {
				return append(leaves, leaf{s, text})
			}
			return leaves
		}
		for _, k := range v.Keys() {
			x, _ := v.Get(k)
			if k == "Value" && v.Len() > 1 {
				k = name
			}
			if k != "xmlns" && !strings.HasPrefix(k, "xmlns:") {
				leaves = dataLeaves(x, k, leaves)
			}
		}
		return leaves
	case []any:
		for _, x := range v {
			leaves = dataLeaves(x, name, leaves)
		}
		return leaves
	case []string:
		// An array of strings; what follows the last NUL is no item.
		for i, x := range v {
			if x != "" || i < len(v)-1 {
				leaves = append(leaves, leaf{name, x})
			}
		}
		return leaves
	case nil:
		return leaves
	}
	return append(leaves, leaf{name, v})
}

// compareLeaves holds that each leaf is a property or field of ours.
func compareLeaves(r *Record, leaves []leaf) string {
	used := make([]bool, len(r.Fields))
	for _, l := range leaves {
		if strings.HasPrefix(l.name, "System/") {
			if ours, known := systemText(r, l.name); known && !sameValue(ours, l.value) {
				return fmt.Sprintf("%s: we have %q, they %#v", l.name, ours, l.value)
			}
			continue
		}
		i := 0
		for i < len(r.Fields) && (used[i] || !sameName(r.Fields[i].Name, l.name) || !sameValue(r.Fields[i].Value, l.value)) {
			i++
		}
		if i == len(r.Fields) {
			if lostReference(r, l) {
				continue
			}
			return fmt.Sprintf("they have %s=%#v; our fields are %q", l.name, l.value, r.Fields)
		}
		used[i] = true
	}
	return ""
}

// lostReference knows a fault of Velocidex: of text with entity or character
// references in it, it keeps one piece only, and loses the element's name.
func lostReference(r *Record, l leaf) bool {
	piece, ok := l.value.(string)
	return ok && slices.ContainsFunc(r.Fields, func(f event.Field) bool {
		return strings.Contains(f.Value, piece) && strings.ContainsAny(f.Value, `"<>&'`)
	})
}

func sameName(ours, theirs string) bool {
	return ours == theirs || ours == "EventData."+theirs || (theirs == "Data" || theirs == "") && strings.HasPrefix(ours, "Data")
}

// systemText is our value of a path in System as text.
func systemText(r *Record, path string) (string, bool) {
	n := func(v uint64) (string, bool) { return strconv.FormatUint(v, 10), true }
	switch strings.TrimPrefix(path, "System/") {
	case "Provider/Name":
		// Where the provider has no name we show its GUID.
		return r.Provider, !strings.HasPrefix(r.Provider, "{")
	case "Provider/EventSourceName":
		return r.Source, true
	case "EventID":
		return n(uint64(r.EventID))
	case "EventID/Qualifiers":
		return n(uint64(r.Qualifiers))
	case "Version":
		return n(uint64(r.Version))
	case "Level":
		return n(uint64(r.Level))
	case "Task":
		return n(uint64(r.Task))
	case "Opcode":
		return n(uint64(r.Opcode))
	case "Keywords":
		return n(r.Keywords)
	case "TimeCreated/SystemTime":
		return r.Time.Format(time.RFC3339Nano), true
	case "EventRecordID":
		return n(r.ID)
	case "Correlation/ActivityID":
		return r.Activity, true
	case "Correlation/RelatedActivityID":
		return r.Related, true
	case "Execution/ProcessID":
		return n(uint64(r.Process))
	case "Execution/ThreadID":
		return n(uint64(r.Thread))
	case "Channel":
		return r.Channel, true
	case "Computer":
		return r.Computer, true
	case "Security/UserID":
		return r.User, true
	}
	return "", false
}

// sameValue compares our text with a value of theirs.
func sameValue(ours string, theirs any) bool {
	switch v := theirs.(type) {
	case nil:
		return ours == ""
	case string:
		return sameText(ours, v)
	case bool:
		return ours == strconv.FormatBool(v)
	case []byte:
		return ours == fmt.Sprintf("%x", v)
	case float64:
		// FILETIMEs are seconds as a float there; FILETIME 0 is the year 1601.
		if t, err := time.Parse(time.RFC3339Nano, ours); err == nil {
			return math.Abs(float64(t.UnixNano())/1e9-v) < 1e-3
		}
		f, err := strconv.ParseFloat(ours, 64)
		return err == nil && (f == v || f == 0 && v < -11e9)
	case float32:
		f, err := strconv.ParseFloat(ours, 32)
		return err == nil && float32(f) == v
	}
	rv := reflect.ValueOf(theirs)
	switch {
	case rv.CanInt():
		return sameText(ours, strconv.FormatInt(rv.Int(), 10))
	case rv.CanUint():
		return sameText(ours, strconv.FormatUint(rv.Uint(), 10))
	case rv.Kind() == reflect.Slice:
		var items []string
		for i := range rv.Len() {
			items = append(items, fmt.Sprint(rv.Index(i)))
		}
		return ours == strings.Join(items, ",")
	}
	return false
}

// sameText compares our text with another rendering of the same value.
func sameText(ours, theirs string) bool {
	ours, theirs = clean(ours), clean(theirs)
	if ours == theirs || ours == "{"+theirs+"}" {
		return true
	}
	// evtxexport writes a negative integer of 32 bits as "-" and its lower 31
	// bits: -180 is -2147483468 there.
	if len(ours) > 1 && len(theirs) > 1 && ours[0] == '-' && theirs[0] == '-' {
		a, err := strconv.ParseInt(ours, 10, 32)
		b, err2 := strconv.ParseInt(theirs, 10, 32)
		if err == nil && err2 == nil && a&math.MaxInt32 == -b {
			return true
		}
	}
	// Hex integers are padded by evtxexport, and plain numbers in Velocidex.
	if a, err := strconv.ParseUint(ours, 0, 64); err == nil {
		if b, err := strconv.ParseUint(theirs, 0, 64); err == nil {
			return a == b
		}
		// SizeT is the raw bytes as a string in Velocidex, without trailing zeros.
		var raw uint64
		for i := min(len(theirs), 8) - 1; i >= 0; i-- {
			raw = raw<<8 | uint64(theirs[i])
		}
		if strings.HasPrefix(ours, "0x") && a == raw {
			return true
		}
	}
	// FILETIME 0 is no time here.
	if ours == "0" && strings.HasPrefix(theirs, "1601-01-01T00:00:00") {
		return true
	}
	// Times in other fractions; binary in upper case.
	if a, err := time.Parse(time.RFC3339Nano, ours); err == nil {
		if b, err := time.Parse(time.RFC3339Nano, theirs); err == nil {
			return a.Equal(b)
		}
	}
	return strings.EqualFold(ours, theirs) && strings.Trim(ours, "0123456789abcdef") == ""
}

// clean takes out what XML cannot carry and tools replace in different ways.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == '\ufffd' || r == '\ufffe' || r == '\uffff' {
			return -1
		}
		return r
	}, s))
}

// TestAgainstEvtxexport holds that every record that evtxexport of libevtx
// shows is found here, with the same fields in the same order. It stops early
// on some files, so it is an oracle for values and not for completeness.
func TestAgainstEvtxexport(t *testing.T) {
	tool, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip("evtxexport (Debian: libevtx-utils) is not installed")
	}
	records, fields := 0, 0
	for _, name := range realLogs(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ours := map[uint64][]Record{}
		for _, r := range decode(t, data).records {
			ours[r.ID] = append(ours[r.ID], r)
		}
		// It fails with records shown on files that it cannot read to the end.
		out, _ := exec.Command(tool, "-f", "xml", name).Output()
		for _, n := range exportedEvents(t, out) {
			records++
			id, _ := strconv.ParseUint(n.find("System").find("EventRecordID").text(), 10, 64)
			diff := "not found"
			for i := range ours[id] {
				if diff = compareExported(&ours[id][i], n); diff == "" {
					fields += len(ours[id][i].Fields)
					break
				}
			}
			if diff != "" {
				t.Errorf("%s: record %d: %s", filepath.Base(name), id, diff)
				break
			}
		}
	}
	t.Logf("%d records and %d fields agree", records, fields)
}

// node is an XML element of evtxexport's output.
type node struct {
	name  string
	attrs []xml.Attr
	chars string
	kids  []*node
}

func (n *node) find(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return &node{}
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n *node) text() string { return strings.TrimSpace(n.chars) }

// exportedEvents parses the output: a line with the version, then events. Each
// is parsed alone, so that one that is not well-formed harms no other.
func exportedEvents(t *testing.T, out []byte) (events []*node) {
	t.Helper()
	for _, part := range bytes.Split(out, []byte("<Event xmlns"))[1:] {
		end := bytes.LastIndex(part, []byte("</Event>"))
		if end < 0 {
			continue // it gave up in the middle of this one
		}
		text := clean("<Event xmlns" + string(bytes.ToValidUTF8(part[:end], nil)) + "</Event>")
		if n, err := parseXML(text); err == nil {
			events = append(events, n)
		} else {
			t.Logf("evtxexport wrote XML that cannot be read: %v", err)
		}
	}
	return events
}

func parseXML(text string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	stack := []*node{{}}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return stack[0].find("Event"), nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local, attrs: slices.Clone(tok.Attr)}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return nil, fmt.Errorf("stray </%s>", tok.Name.Local)
			}
		case xml.CharData:
			top.chars += string(tok)
		}
	}
}

// exportedFields flattens an element of evtxexport's output by the rules of
// the package comment.
func exportedFields(n *node, unnamed *int, out event.Fields) event.Fields {
	name, attrs := n.name, 0
	if n.name == "Data" || n.name == "ComplexData" {
		if name = n.attr("Name"); name == "" {
			*unnamed++
			name = "Data" + strconv.Itoa(*unnamed)
		}
	}
	for _, a := range n.attrs {
		if a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || a.Name.Local == "Name" && name != n.name {
			continue
		}
		attrs++
		out = append(out, event.Field{Name: a.Name.Local, Value: a.Value})
	}
	for _, k := range n.kids {
		out = exportedFields(k, unnamed, out)
	}
	if len(n.kids) == 0 && (attrs == 0 || n.text() != "") || n.text() != "" {
		out = append(out, event.Field{Name: name, Value: n.chars})
	}
	return out
}

func compareExported(r *Record, n *node) string {
	sys := n.find("System")
	for _, path := range []string{"EventID", "Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID", "Channel", "Computer"} {
		if ours, _ := systemText(r, "System/"+path); !sameText(ours, sys.find(path).text()) && !(ours == "0" && sys.find(path).text() == "") {
			return fmt.Sprintf("%s: we have %q, they %q", path, ours, sys.find(path).text())
		}
	}
	for _, path := range []string{"Provider/Name", "Provider/EventSourceName", "TimeCreated/SystemTime", "Correlation/ActivityID",
		"Execution/ProcessID", "Execution/ThreadID", "Security/UserID"} {
		element, attr, _ := strings.Cut(path, "/")
		theirs := sys.find(element).attr(attr)
		if ours, _ := systemText(r, "System/"+path); !sameText(ours, theirs) && !(ours == "0" && theirs == "") {
			return fmt.Sprintf("%s: we have %q, they %q", path, ours, theirs)
		}
	}
	var theirs event.Fields
	unnamed := 0
	for _, k := range n.kids {
		if k.name == "EventData" || k.name == "UserData" {
			for _, x := range k.kids {
				theirs = exportedFields(x, &unnamed, theirs)
			}
		}
	}
	ours := slices.DeleteFunc(slices.Clone(r.Fields), func(f event.Field) bool {
		return f.Name == "EventData.Name" || strings.HasPrefix(f.Name, "RenderingInfo.")
	})
	if len(ours) != len(theirs) {
		return fmt.Sprintf("we have %d fields %q, they %d %q", len(ours), ours, len(theirs), theirs)
	}
	for i := range ours {
		if ours[i].Name != theirs[i].Name || !sameText(ours[i].Value, theirs[i].Value) {
			return fmt.Sprintf("field %d: we have %q, they %q", i, ours[i], theirs[i])
		}
	}
	return ""
}
