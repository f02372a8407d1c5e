package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"debrief/event"
	"debrief/index"
	"debrief/pipeline"
	"debrief/report"
)

const searchLong = `Find events in all cases of the archive. Words are joined by and, and case does not
count:

  timeout provider            both words
  "policy provider"           these words in a row
  retry -succeeded            not the second; also NOT
  timeout OR expired          either; ( ) group
  0x80070643                  an error code, found in every spelling of it
  ccm*   /state \d+ -> 4/     a word that begins so; a regular expression
  code:1603 level:>=warning event:62404..62407 component:ccmsetup
  file:smsts.log device:PC-0815 cause:net.* case:3f2a since:7d time:2024-03-05

docs/query.md describes all of it. Put the query in quotes, so that the shell
leaves it alone; one that begins with "-" stands behind "--". Times are UTC.`

type searchFlags struct {
	archive   archiveFlags
	out       outputFlags
	share     redactFlags
	context   int
	limit     int
	by        []string
	histogram string
	count     bool
}

func newSearch() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Find events in all archived cases",
		Long:  searchLong,
		Example: `  debrief search '"failed to download" level:error since:30d' -C 2
  debrief search 0x80072ee7 --by cause --by device
  debrief search 'component:ccmsetup' --histogram 1d
  debrief search 'code:1603' --format jsonl | jq -r .event.message`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, strings.Join(args, " ")) },
	}
	f.archive.add(cmd)
	f.out.add(cmd, "text", "json", "jsonl", "csv", "timesketch")
	f.share.add(cmd, "csv", "timesketch")
	flags := cmd.Flags()
	flags.IntVarP(&f.context, "context", "C", 0, "show `N` events of the same file before and after each")
	flags.IntVarP(&f.limit, "limit", "n", 0, "show at most `N` events (0 = 100; jsonl, csv and timesketch: all)")
	flags.StringArrayVar(&f.by, "by", nil, "count by the values of a `FIELD` instead: cause, code, device, file … (may be given several times)")
	flags.StringVar(&f.histogram, "histogram", "", "count over time in steps of 1h, 1d … or auto")
	flags.Lookup("histogram").NoOptDefVal = "auto"
	flags.BoolVar(&f.count, "count", false, "only count events and cases")
	return cmd
}

// maxContext bounds the events around one.
const maxContext = 1000

func (f *searchFlags) options() (index.SearchOptions, error) {
	o := index.SearchOptions{Limit: f.limit, Context: f.context}
	if f.limit < 0 || f.context < 0 || f.context > maxContext {
		return o, usagef("--limit takes numbers from 0 upwards, --context from 0 to %d", maxContext)
	}
	for _, name := range f.by {
		if strings.EqualFold(name, "code") {
			o.ByCode = true
			continue
		}
		field, ok := index.FieldNamed(name)
		if !ok {
			return o, usagef("--by: unknown field %q: use %s", name, strings.Join(index.QueryFields(), ", "))
		}
		o.By = append(o.By, field)
	}
	if f.histogram != "" && f.histogram != "auto" {
		age, err := index.ParseAge(f.histogram)
		if err != nil {
			return o, &usageError{fmt.Errorf("--histogram: %w", err)}
		}
		o.Histogram = age
	}
	if f.histogram == "auto" {
		o.Histogram = time.Hour // joined to larger steps once the span is known
	}
	if f.count || len(f.by) > 0 || f.histogram != "" {
		o.Limit, o.Count = -1, true
	}
	return o, nil
}

func (f *searchFlags) run(cmd *cobra.Command, text string) (err error) {
	if err := f.out.check(); err != nil {
		return err
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	if !report.Shareable(f.out.format) && (f.share.on || f.share.key != "") {
		return usagef("--redact takes --format csv or timesketch")
	}
	if report.Shareable(f.out.format) && o.Limit < 0 {
		return usagef("%s takes events, not counts: use json", f.out.format)
	}
	q, err := index.ParseQuery(text, now())
	if err != nil {
		return &usageError{err}
	}
	a, err := f.archive.reader(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	bar := newProgress(cmd.ErrOrStderr(), false)
	// Blocks are of about one size, and the bar counts bytes.
	o.Progress = func(done, total int) {
		bar.update(pipeline.Progress{Stage: "searching", Done: int64(done) << 19, Total: int64(total) << 19})
	}
	var res *index.SearchResult
	err = f.out.write(cmd, func(w io.Writer) error {
		if f.out.format == "jsonl" && o.Limit >= 0 {
			o.Each = func(h *index.Hit) error { return writeHitJSON(w, h) }
		}
		var export *hitExport
		if report.Shareable(f.out.format) {
			var err error
			if export, err = f.newExport(w, a); err != nil {
				return err
			}
			o.Each = export.write
		}
		var err error
		res, err = a.Search(cmd.Context(), q, o)
		bar.finish()
		if err != nil {
			return err
		}
		if export != nil {
			sayLeft(cmd, export.out.Left())
			return export.out.Flush()
		}
		if f.histogram == "auto" {
			res.Histogram = coarser(res.Histogram)
		}
		return f.print(w, a, res)
	})
	bar.finish()
	if err != nil {
		return err
	}
	for _, p := range res.Problems {
		fmt.Fprintf(cmd.ErrOrStderr(), "debrief: archive: %s\n", printable(p.String()))
	}
	if len(res.Problems) > 0 {
		return exit(exitPartial)
	}
	return nil
}

func (f *searchFlags) print(w io.Writer, a index.Reader, res *index.SearchResult) error {
	switch {
	case f.out.format == "json":
		return writeSearchJSON(w, res)
	case f.out.format == "jsonl" && (f.count || len(f.by) > 0 || f.histogram != ""):
		return writeCountsJSONL(w, res)
	case f.out.format == "jsonl":
		return nil
	case len(res.Counts) > 0 || f.histogram != "":
		return writeCounts(w, res)
	case f.count:
		_, err := fmt.Fprintf(w, "%d events in %d cases\n", res.Total, res.Cases)
		return err
	}
	return writeHits(w, a, res)
}

// writeHits prints hits under the name of their case.
func writeHits(w io.Writer, a index.Reader, res *index.SearchResult) error {
	b := bufio.NewWriter(w)
	var last index.CaseID
	var shown lastShown
	for i := range res.Hits {
		h := &res.Hits[i]
		if h.Case != last {
			if last != "" {
				fmt.Fprintln(b)
			}
			last, shown = h.Case, lastShown{}
			c, err := a.Case(h.Case)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "case %s  %s  %s  %s\n", c.ID, orDash(c.Device), orDash(c.Ticket), oneLine(c.Line))
		} else if first := firstOf(h); len(h.Before)+len(h.After) > 0 && !shown.touches(first) {
			fmt.Fprintln(b, "  --")
		}
		for j := range h.Before {
			if shown.before(&h.Before[j]) {
				writeEvent(b, "  ", &h.Before[j])
			}
		}
		shown.before(&h.Event)
		writeEvent(b, "> ", &h.Event)
		for j := range h.After {
			if i+1 < len(res.Hits) && res.Hits[i+1].Case == h.Case && res.Hits[i+1].Event.Pos.Compare(h.After[j].Pos) <= 0 {
				break // the next hit has it, or what is before it
			}
			if shown.before(&h.After[j]) {
				writeEvent(b, "  ", &h.After[j])
			}
		}
	}
	switch {
	case res.Total == 0:
		fmt.Fprintln(b, "no event matches")
	case res.More:
		fmt.Fprintf(b, "\nthe first %d; there are more: --limit shows them, --count counts them\n", len(res.Hits))
	default:
		fmt.Fprintf(b, "\n%d events in %d cases\n", res.Total, res.Cases)
	}
	return b.Flush()
}

// lastShown is the place of the line printed last, so that the neighbours of
// two hits are not printed twice.
type lastShown struct{ pos event.Pos }

// before reports whether the event stands behind what was printed, and takes
// it as printed.
func (l *lastShown) before(e *event.Event) bool {
	if l.pos.File == e.Pos.File && e.Pos.Compare(l.pos) <= 0 {
		return false
	}
	l.pos = e.Pos
	return true
}

// touches reports whether nothing is left out between what was printed and e.
func (l *lastShown) touches(e *event.Event) bool {
	return l.pos.File == e.Pos.File && (e.Pos.Compare(l.pos) <= 0 || e.Pos.Line > 0 && e.Pos.Line <= l.pos.Line+1 || e.Pos.Record > 0 && e.Pos.Record <= l.pos.Record+1)
}

func firstOf(h *index.Hit) *event.Event {
	if len(h.Before) > 0 {
		return &h.Before[0]
	}
	return &h.Event
}

// maxShown bounds the message of one line on the screen, in bytes.
const maxShown = 2000

func writeEvent(w io.Writer, mark string, e *event.Event) {
	at := "-"
	if !e.Time.IsZero() {
		at = e.Time.UTC().Format("2006-01-02 15:04:05")
	}
	who := e.Provider
	if e.ID != 0 {
		who = strings.TrimSpace(fmt.Sprintf("%s %d", who, e.ID))
	}
	text := e.Message
	if text == "" {
		for i, f := range e.Fields {
			if i > 0 {
				text += ", "
			}
			text += f.Name + "=" + f.Value
		}
	}
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	fmt.Fprintf(w, "%s%s  %s  %-7s  %s | %s\n", mark, oneLine(placeOf(e.Pos)), at, e.Level, orDash(who), oneLine(text))
}

// placeOf writes a place as people read it.
func placeOf(p event.Pos) string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	case p.Record > 0:
		return fmt.Sprintf("%s, record %d", p.File, p.Record)
	case p.Offset > 0:
		return fmt.Sprintf("%s, offset %d", p.File, p.Offset)
	}
	return p.File
}

// jsonHit is a hit as JSON: the event under its ECS names.
type jsonHit struct {
	Case   index.CaseID      `json:"case"`
	Event  json.RawMessage   `json:"event"`
	Before []json.RawMessage `json:"before,omitempty"`
	After  []json.RawMessage `json:"after,omitempty"`
}

func newJSONHit(h *index.Hit) (jsonHit, error) {
	out := jsonHit{Case: h.Case}
	var err error
	if out.Event, err = report.MarshalECS(&h.Event); err != nil {
		return out, err
	}
	for _, side := range []struct {
		from []event.Event
		to   *[]json.RawMessage
	}{{h.Before, &out.Before}, {h.After, &out.After}} {
		for i := range side.from {
			b, err := report.MarshalECS(&side.from[i])
			if err != nil {
				return out, err
			}
			*side.to = append(*side.to, b)
		}
	}
	return out, nil
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func writeHitJSON(w io.Writer, h *index.Hit) error {
	j, err := newJSONHit(h)
	if err != nil {
		return err
	}
	return writeLine(w, j)
}

func writeSearchJSON(w io.Writer, res *index.SearchResult) error {
	out := struct {
		Hits []jsonHit `json:"hits"`
		*index.SearchResult
	}{make([]jsonHit, 0, len(res.Hits)), res}
	for i := range res.Hits {
		j, err := newJSONHit(&res.Hits[i])
		if err != nil {
			return err
		}
		out.Hits = append(out.Hits, j)
	}
	return writeIndented(w, out)
}
