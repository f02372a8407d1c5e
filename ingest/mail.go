package ingest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"path"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"

	"debrief/event"
)

// A mail (RFC 5322) is a header and a body that MIME (RFC 2045 to 2049) divides
// into parts, made up:
//
//	From: Ada <ada@example.com>
//	Date: Tue, 4 Mar 2025 05:06:08 +0000
//	MIME-Version: 1.0
//	Content-Type: multipart/mixed; boundary="b1"
//
//	--b1
//	Content-Type: text/plain; charset=iso-8859-1
//	Content-Transfer-Encoding: quoted-printable
//
//	The ger=E4t fails.
//	--b1
//	Content-Type: application/zip; name="logs.zip"
//	Content-Transfer-Encoding: base64
//
//	UEsDB…
//	--b1--

const (
	// maxMailHeader bounds the header of a mail, which is read as a whole.
	maxMailHeader = 1 << 20
	// maxMailNesting bounds multiparts inside each other; mail programs write
	// three or four.
	maxMailNesting = 16
)

// isMail recognises a mail by its header: every line up to the first empty one
// is a field or goes on with one, and among the fields are one that says who
// sent it and one that a mail program makes.
func isMail(head []byte) bool {
	head = head[:min(len(head), headBytes)]
	if len(head) == 0 || head[0] < 'A' || head[0] > 'z' {
		return false
	}
	fields := map[string]bool{}
	for rest := head; ; {
		line, next, whole := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if !whole || len(line) == 0 {
			break // where the header ends, or what is seen of it
		}
		rest = next
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := strings.Cut(string(line), ":")
		if !ok || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
		fields[strings.ToLower(name)] = true
	}
	known := 0
	for _, name := range [...]string{"from", "to", "subject", "date", "message-id", "mime-version", "received", "return-path", "content-type"} {
		if fields[name] {
			known++
		}
	}
	return known >= 3 && (fields["from"] || fields["received"] || fields["return-path"]) &&
		(fields["message-id"] || fields["mime-version"] || fields["received"])
}

// expandEML reads a mail.
func (r *reader) expandEML(a *archive) {
	in := &io.LimitedReader{R: a.src, N: maxMailHeader}
	msg, err := mail.ReadMessage(in)
	if err != nil {
		r.archiveProblem(a, event.Damage, fmt.Sprintf("header of the mail: %v", err))
		return
	}
	in.N = a.size
	m := &mailReader{r: r, a: a, names: map[string]int{}}
	if date, err := msg.Header.Date(); err == nil {
		m.date = date.UTC()
	}
	m.part(textproto.MIMEHeader(msg.Header), msg.Body, 1)
}

// mailReader is the reading of one mail.
type mailReader struct {
	r     *reader
	a     *archive
	date  time.Time
	names map[string]int // names given to parts without one
}

// part reads one part, and all in it, and reports whether the mail may go on.
func (m *mailReader) part(h textproto.MIMEHeader, body io.Reader, level int) bool {
	kind, params := contentType(h.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		return m.parts(body, params["boundary"], level)
	}
	buffered := bufio.NewReader(body)
	if _, err := buffered.Peek(1); err == io.EOF && h.Get("Content-Disposition") == "" {
		return true // mail programs end mails with empty texts
	}
	body = buffered
	name, isBody := m.name(h, kind, params)
	return m.leaf(name, isBody, h.Get("Content-Transfer-Encoding"), params["charset"], body)
}

// contentType reads the field of that name, also where it is not well-formed.
func contentType(field string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(field)
	if err == nil {
		return kind, params
	}
	kind, _, _ = strings.Cut(field, ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind == "" {
		kind = "text/plain"
	}
	params = map[string]string{}
	for _, key := range []string{"boundary", "name", "charset"} {
		params[key] = looseParam(field, key)
	}
	return kind, params
}

// parts reads the parts of a multipart.
func (m *mailReader) parts(body io.Reader, boundary string, level int) bool {
	if level > maxMailNesting {
		m.r.archiveProblem(m.a, event.Limit, fmt.Sprintf("parts of the mail not read: more than %d inside each other", maxMailNesting))
		return true
	}
	in := multipart.NewReader(body, boundary)
	for m.r.ctx.Err() == nil {
		p, err := in.NextRawPart()
		if err == io.EOF {
			return true
		}
		if err != nil {
			m.r.archiveProblem(m.a, event.Damage, fmt.Sprintf("mail not read to its end: %v", err))
			return true
		}
		if !m.part(p.Header, p, level+1) {
			return false
		}
	}
	return false
}

// leaf reads a part that is a file or a text.
func (m *mailReader) leaf(name string, isBody bool, encoding, charset string, body io.Reader) bool {
	e := member{name: name, modTime: m.date, kind: event.Damage, size: -1}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = &base64Reader{in: body}
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "", "7bit", "8bit", "binary":
	default:
		m.r.archiveProblem(m.a, event.Remark, fmt.Sprintf("part %s has the unknown encoding %s and is left as it is", quoteShort(name), quoteShort(encoding)))
	}
	if isBody {
		body = m.utf8(name, charset, body)
	}
	e.data, e.disk, e.reason = m.r.readAll(m.a, body, 0, m.a.size, m.r.limits.FileBytes)
	return m.r.take(m.a, e) && !m.r.ends(m.a, e.reason)
}

// utf8 decodes a text that is in another character set.
func (m *mailReader) utf8(name, charset string, body io.Reader) io.Reader {
	charset = strings.ToLower(charset)
	if charset == "" || charset == "utf-8" || charset == "us-ascii" {
		return body
	}
	set, err := htmlindex.Get(charset)
	if err != nil {
		m.r.archiveProblem(m.a, event.Remark, fmt.Sprintf("text %s is in the unknown character set %s and is left as it is", quoteShort(name), quoteShort(charset)))
		return body
	}
	return set.NewDecoder().Reader(body)
}

// name finds the name of a part, and says whether it is text of the mail itself.
func (m *mailReader) name(h textproto.MIMEHeader, kind string, params map[string]string) (name string, isBody bool) {
	disposition, dp, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	name = dp["filename"]
	if err != nil && name == "" {
		name = looseParam(h.Get("Content-Disposition"), "filename")
	}
	if name == "" {
		name = params["name"]
	}
	if name != "" {
		return decodeWords(name), false
	}
	switch {
	case disposition == "attachment":
	case kind == "text/plain":
		return m.numbered("body", ".txt"), true
	case kind == "text/html":
		return m.numbered("body", ".html"), true
	}
	if location := h.Get("Content-Location"); location != "" {
		if base := path.Base(strings.ReplaceAll(location, `\`, "/")); base != "." && base != "/" {
			return decodeWords(base), false
		}
	}
	if kind == "message/rfc822" {
		return m.numbered("message", ".eml"), false
	}
	return m.numbered("part", partExtension(kind)), false
}

// partExtension is what the name of a part without one ends with.
func partExtension(kind string) string {
	switch kind {
	case "text/plain", "message/delivery-status":
		return ".txt"
	case "text/html", "text/calendar", "text/csv", "image/png", "image/gif", "application/pdf", "application/zip", "application/json", "application/xml":
		return "." + strings.Replace(path.Base(kind), "calendar", "ics", 1)
	case "image/jpeg":
		return ".jpg"
	case "application/x-zip-compressed":
		return ".zip"
	case "application/vnd.ms-cab-compressed":
		return ".cab"
	}
	return ""
}

// numbered gives parts without a name one each.
func (m *mailReader) numbered(base, ext string) string {
	m.names[base+ext]++
	if n := m.names[base+ext]; n > 1 {
		return fmt.Sprintf("%s-%d%s", base, n, ext)
	}
	return base + ext
}

// decodeWords decodes the words =?charset?Q?…?= of RFC 2047, which mail programs
// use in file names too.
func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		set, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return set.NewDecoder().Reader(in), nil
	}}
	if decoded, err := d.DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// looseParam finds a parameter of a field that is not well-formed, as in
// "name=my logs.zip".
func looseParam(field, key string) string {
	for part := range strings.SplitSeq(field, ";") {
		name, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), key) {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
