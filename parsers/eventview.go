package parsers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"debrief/event"
)

// eventViewParser reads what the Event Viewer puts on the clipboard: the block
// of "Copy details as text", in the language of Windows, and the XML of an
// event, in a block or alone.
//
//	Log Name:      Microsoft-Windows-AAD/Operational
//	Source:        Microsoft-Windows-AAD
//	Date:          3/5/2025 9:14:02 AM
//	Event ID:      1098
//	Level:         Error
//	User:          SYSTEM
//	Computer:      PC-0001
//	Description:
//	Error: 0xCAA00001 …
//	Event Xml:
//	<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
//	  <System>…<TimeCreated SystemTime="2025-03-05T08:14:02.1234567Z" />…</System>
//	  <EventData><Data Name="Error">3399483393</Data></EventData>
//	</Event>
//
// The XML says it better: UTC, record id, fields by name; from it the event is
// made as from an .evtx, and the description is kept in the field
// RenderingInfo.Message. Without it the date is the wall clock and the
// description the message.
//
// People often leave the first lines of a block out: in a file that has the name
// of a channel, one may begin with the source or with the id as well. Copies
// that call the description otherwise, or leave its label out, are read too.
//
// Labels: Windows 10 and 11 in English, German, French and Spanish.
func eventViewParser() Parser {
	return Parser{
		Name:    "event-view",
		Doc:     "events copied as text or XML out of the Event Viewer",
		Version: "3",
		Match: func(in *Input) bool {
			if !isText(in) || in.Path != "" && !isPasteName(in.Path) && !isLogName(in.Path) && !strings.HasSuffix(strings.ToLower(in.Path), ".xml") {
				return false
			}
			h := head(in, 64<<10)
			if i := strings.Index(h, eventOpen); i >= 0 && strings.Contains(h[i:], "<System>") {
				return true
			}
			_, channel := channelSource(stem(in.Path))
			for line := range strings.Lines(h) {
				l, value, ok := viewLabel(trim(line))
				if ok && (l == labelLog || channel && l == labelID && isNumber(value)) {
					return true
				}
			}
			return false
		},
		Parse: parseEventView,
	}
}

const (
	eventOpen  = "<Event xmlns="
	eventClose = "</Event>"
	// around the events of an exported log
	eventsOpen, eventsClose = "<Events>", "</Events>"
)

// viewField is what a label of the block stands for.
type viewField int

const (
	labelLog viewField = iota
	labelSource
	labelDate
	labelID
	labelTask
	labelLevel
	labelKeywords
	labelUser
	labelComputer
	labelDescription
	labelXML
)

// viewLabels are the labels by language, lower case, in the order of viewField.
// dayFirst tells how the language writes dates with "/".
var viewLabels = [...]struct {
	labels   [11]string
	dayFirst bool
}{
	{[11]string{"log name", "source", "date", "event id", "task category", "level", "keywords", "user", "computer", "description", "event xml"}, false},
	{[11]string{"protokollname", "quelle", "datum", "ereignis-id", "aufgabenkategorie", "ebene", "schlüsselwörter", "benutzer", "computer", "beschreibung", "ereignis-xml"}, true},
	{[11]string{"nom du journal", "source", "date", "id de l'événement", "catégorie de la tâche", "niveau", "mots clés", "utilisateur", "ordinateur", "description", "xml de l'événement"}, true},
	{[11]string{"nombre de registro", "origen", "fecha", "id. del evento", "categoría de la tarea", "nivel", "palabras clave", "usuario", "equipo", "descripción", "xml de evento"}, true},
}

// otherDescriptions are the labels that copies put before the description
// instead of the viewer's own.
var otherDescriptions = []string{"details", "message"}

// viewLevels are the words for levels.
var viewLevels = map[string]event.Level{
	"critical": event.LevelCritical, "kritisch": event.LevelCritical, "critique": event.LevelCritical, "crítico": event.LevelCritical,
	"error": event.LevelError, "fehler": event.LevelError, "erreur": event.LevelError,
	"warning": event.LevelWarning, "warnung": event.LevelWarning, "avertissement": event.LevelWarning, "advertencia": event.LevelWarning,
	"information": event.LevelInfo, "informationen": event.LevelInfo, "información": event.LevelInfo, "informations": event.LevelInfo,
	"verbose": event.LevelVerbose, "ausführlich": event.LevelVerbose, "commentaires": event.LevelVerbose, "detallado": event.LevelVerbose,
}

// viewLabel reads "Label:   value".
func viewLabel(line string) (f viewField, value string, ok bool) {
	label, value, ok := strings.Cut(line, ":")
	if !ok || len(label) > 32 {
		return 0, "", false
	}
	label = strings.ToLower(strings.ReplaceAll(strings.TrimRight(label, " \u00a0"), "’", "'"))
	if slices.Contains(otherDescriptions, label) {
		return labelDescription, trim(value), true
	}
	for _, l := range viewLabels {
		for i, name := range l.labels {
			if name == label {
				return viewField(i), trim(value), true
			}
		}
	}
	return 0, "", false
}

// viewScanner is the state of one pass.
type viewScanner struct {
	doc      document
	out      *Output
	sink     sink
	msg      messageWriter
	e        *event.Event // the block at work; nil = none
	dayFirst bool
	text     []string // lines of the description
	inText   bool
	inXML    bool
	channel  event.Source // of the file's name, for blocks that name no log
	bare     bool         // the block at work names no log
}

func parseEventView(in *Input, out *Output) error {
	doc := readText(in, out)
	s := viewScanner{doc: doc, out: out}
	s.channel, _ = channelSource(stem(in.Path))
	s.sink = newSink(&s.doc, out)
	r := lineReader{text: doc.text}
	for {
		line, start, ok := r.read()
		if !ok {
			break
		}
		if i := strings.Index(line, eventOpen); i >= 0 {
			end := strings.Index(doc.text[start+i:], eventClose)
			if end < 0 || end > maxMessage {
				s.out.Problem(event.Damage, doc.pos(r.num, start+i), "the XML of the event has no end")
				s.inText = false
				continue
			}
			end += start + i + len(eventClose)
			s.xml(doc.text[start+i:end], doc.pos(r.num, start+i))
			// What follows may stand on the same line, as in exported logs.
			r.next = end
			r.num += strings.Count(doc.text[start:end], "\n") - 1
			continue
		}
		if text := trim(line); text != eventsOpen && !strings.HasPrefix(text, "<?xml ") {
			s.line(text, r.num, start)
		}
	}
	s.finish()
	coverEvents(out)
	return nil
}

// line takes a line that is not XML.
func (s *viewScanner) line(text string, num, start int) {
	f, value, ok := viewLabel(text)
	switch {
	case ok && f == labelLog:
		s.finish()
		s.e, s.bare = &event.Event{Channel: value, Pos: s.doc.pos(num, start), Flags: event.Pasted}, false
	case ok && s.opensBare(f, value):
		s.finish()
		s.e, s.bare = &event.Event{Pos: s.doc.pos(num, start), Flags: event.Pasted}, true
		s.header(f, value, text)
	case text == "" && !s.inText, text == eventsClose:
	case s.e == nil, s.inXML:
		s.finish()
		src := s.channel
		if src == "" {
			src = event.Source("log." + stem(s.doc.path))
		}
		s.out.Coverage.Unknown++
		s.sink.addLine(event.Event{Message: text, ID: sentenceID(src, text), Source: src, Pos: s.doc.pos(num, start), Flags: event.Pasted}, start, start+len(text))
	case ok && f == labelXML:
		s.inText = false
	case s.inText:
		s.text = append(s.text, text)
	case ok:
		s.header(f, value, text)
	case s.e.ID != 0 && (s.bare || opens(text)): // the sentence without the label before it
		s.inText, s.text = true, append(s.text, text)
	default:
		s.out.Coverage.Unknown++
	}
}

// opens reports whether a text is the beginning of a well-known event's.
func opens(text string) bool {
	_, ok := openingSource(text)
	return ok
}

// opensBare reports whether a labelled line is the first of a block that names
// no log.
func (s *viewScanner) opensBare(f viewField, value string) bool {
	if s.channel == "" || s.e != nil && !s.bare {
		return false
	}
	switch f {
	case labelID:
		return isNumber(value) && (s.e == nil || s.e.ID != 0)
	case labelSource:
		return s.e == nil || s.inText && strings.HasPrefix(value, "Microsoft-Windows-")
	}
	return false
}

// isNumber reports whether text is a number and nothing else.
func isNumber(text string) bool {
	_, n := number(text, 9)
	return n > 0 && n == len(text)
}

// header takes a labelled line of the block.
func (s *viewScanner) header(f viewField, value, line string) {
	e := s.e
	switch f {
	case labelSource:
		e.Provider = value
	case labelDate:
		s.dayFirst = dayFirst(line)
		e.Time, e.Clock = s.date(value)
		if e.Clock == event.ClockNone && value != "" {
			s.out.Problem(event.Remark, e.Pos, "the date of the event is not readable")
		}
	case labelID:
		if n, digits := number(value, 9); digits > 0 {
			e.ID = uint32(n)
		}
	case labelLevel:
		e.Level = viewLevels[strings.ToLower(value)]
	case labelUser:
		if strings.HasPrefix(value, "S-1-") {
			e.User = value
		} else if strings.EqualFold(value, "SYSTEM") {
			e.User = "S-1-5-18"
		}
	case labelComputer:
		e.Host = value
	case labelDescription:
		s.inText = true
		if value != "" {
			s.text = append(s.text, value)
		}
	}
}

// dayFirst reports how the language of a date's label orders day and month.
func dayFirst(line string) bool {
	label, _, _ := strings.Cut(strings.ToLower(line), ":")
	for _, l := range viewLabels {
		if l.labels[labelDate] == trim(label) {
			return l.dayFirst // French shares its label with English; its times have no AM or PM
		}
	}
	return false
}

// date reads the date of a block.
func (s *viewScanner) date(value string) (time.Time, event.Clock) {
	if t, zoned, ok := parseISO(value); ok {
		if zoned {
			return t, event.ClockDeclared
		}
		return t, event.ClockLocal
	}
	midnight, rest, ok := scanDate(value, time.Time{})
	if !ok {
		return time.Time{}, event.ClockNone
	}
	d, rest, ok := scanClock(strings.TrimLeft(rest, ", "))
	if !ok {
		return time.Time{}, event.ClockNone
	}
	if d, rest = scanMeridiem(d, rest); trim(rest) != "" {
		return time.Time{}, event.ClockNone
	}
	if s.dayFirst && strings.Contains(value, "/") && midnight.Day() <= 12 {
		if other, ok := day(midnight.Year(), midnight.Day(), int(midnight.Month())); ok {
			midnight = other
		}
	}
	return midnight.Add(d), event.ClockLocal
}

// finish hands on the block at work.
func (s *viewScanner) finish() {
	e := s.e
	if e == nil {
		return
	}
	text := trim(strings.Join(s.text, "\n"))
	e.Source = providerSource(e.Provider, e.Channel)
	if s.bare && s.channel != "" && e.Provider == "" {
		e.Source = s.channel
	}
	switch {
	case s.inXML:
		if text != "" {
			e.Fields = append(e.Fields, event.Field{Name: "RenderingInfo.Message", Value: text})
		}
		e.Message = s.msg.message(e)
		if e.Source == event.ShellCore {
			shellCoreFields(e)
		}
	default:
		e.Message = text
		if e.ID == 0 {
			e.ID = sentenceID(e.Source, text)
		}
		if e.Source == event.ShellCore {
			shellCoreText(e)
		}
	}
	s.sink.add(*e)
	s.e, s.text, s.inText, s.inXML, s.bare = nil, nil, false, false, false
}

// xml takes the XML of an event: the one of the block, or one that stands alone.
func (s *viewScanner) xml(text string, pos event.Pos) {
	e, err := eventXML(text)
	if err != nil {
		s.out.Problem(event.Damage, pos, "the XML of the event is not readable: "+err.Error())
		s.inText = false
		return
	}
	if s.e == nil || s.inXML {
		s.finish()
		e.Pos = pos
	} else {
		e.Pos = s.e.Pos
		if e.Level == event.LevelUnknown {
			e.Level = s.e.Level
		}
		if e.Time.IsZero() {
			e.Time, e.Clock = s.e.Time, s.e.Clock
		}
	}
	if e.ID == 0 && s.e != nil {
		e.ID = s.e.ID
	}
	e.Pos.Record, _ = strconv.ParseUint(e.Name, 10, 64)
	e.Name, e.Flags = "", event.Pasted
	s.e, s.inXML, s.inText = &e, true, false
}
