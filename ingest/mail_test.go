package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mailHeader starts a made-up mail.
const mailHeader = "Received: from mail.example.com by mx.example.com;\r\n\tTue, 4 Mar 2025 05:06:09 +0000\r\n" +
	"From: Ada <ada@example.com>\r\nTo: Help <help@example.com>\r\nSubject: logs\r\n" +
	"Date: Tue, 4 Mar 2025 06:06:08 +0100\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"

// mailOf makes a multipart of parts, each with its header.
func mailOf(parts ...string) []byte {
	var b strings.Builder
	b.WriteString(mailHeader + "Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\r\nfor old programs\r\n")
	for _, p := range parts {
		b.WriteString("--b 1\r\n" + p + "\r\n")
	}
	b.WriteString("--b 1--\r\n")
	return []byte(b.String())
}

// attached makes a part of base64.
func attached(fields, data string) string {
	encoded := base64.StdEncoding.EncodeToString([]byte(data))
	var b strings.Builder
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	return fields + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b.String() + encoded
}

const textPart = "Content-Type: text/plain; charset=utf-8\r\n\r\nThe log is attached."

// mails are what the table and the fuzz target read.
func mails(t testing.TB) []entry {
	logs := string(zipOf(t, zip.Deflate, entry{name: "a.log", data: "text of a"}))
	nested := strings.ReplaceAll(string(mailOf(textPart, attached("Content-Disposition: attachment; filename=logs.zip", logs))), "b 1", "inner")
	deep := "Content-Type: text/plain\r\n\r\nbottom"
	for i := range 20 {
		deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=d%d\r\n\r\n--d%d\r\n%s\r\n--d%d--", i, i, deep, i)
	}
	return []entry{
		{name: "attachments", data: string(mailOf(textPart,
			attached("Content-Type: application/zip; name=\"logs.zip\"\r\nContent-Disposition: attachment; filename=\"logs.zip\"", logs),
			attached("Content-Type: text/plain; name=x.log", "text of x")))},
		{name: "names", data: string(mailOf(
			attached("Content-Disposition: attachment; filename=\"=?iso-8859-1?Q?Gr=F6=DFe.log?=\"", "1"),
			attached("Content-Disposition: attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%202.log", "2"),
			attached("Content-Disposition: attachment; filename*0=long; filename*1=\"er.log\"", "3"),
			attached("Content-Disposition: attachment; filename=my own.log", "4"),
			attached("Content-Type: text/plain; name==?utf-8?B?w6Q=?=.log", "5"),
			attached("Content-Disposition: attachment; filename=\"../../up.log\"", "6"),
			attached("Content-Type: image/png", "7"),
			attached("Content-Type: image/png", "8"),
			attached("Content-Type: text/plain\r\nContent-Disposition: attachment", "9"),
			attached("Content-Type: image/jpeg\r\nContent-Location: http://example.com/pic/a.jpg", "10")))},
		{name: "texts", data: string(mailOf(
			"Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nger=E4t =\r\nfails\r\n--inner\r\n"+
				"Content-Type: text/html; charset=windows-1252\r\n\r\n<p>\x80</p>\r\n--inner--\r\n",
			"Content-Type: text/plain; charset=utf-8\r\n\r\nfooter", "Content-Type: text/plain\r\n\r\n",
			"Content-Type: text/plain; charset=klingon\r\n\r\nraw \xFF",
			"Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\nYQDkAA=="))},
		{name: "plain_alone", data: mailHeader + "\r\nno MIME at all\r\n"},
		{name: "line_feeds", data: strings.ReplaceAll(string(mailOf(textPart, attached("Content-Type: text/plain; name=x.log", "text of x"))), "\r\n", "\n")},
		{name: "mail_in_mail", data: string(mailOf(textPart, "Content-Type: message/rfc822\r\n\r\n"+nested,
			attached("Content-Type: message/rfc822; name=\"second.eml\"", mailHeader+"\r\nsecond text")))},
		{name: "no_closing_boundary", data: strings.TrimSuffix(string(mailOf(textPart, attached("Content-Type: text/plain; name=x.log", strings.Repeat("text ", 20)))), "\r\n--b 1--\r\n")},
		{name: "cut_in_attachment", data: string(mailOf(textPart, attached("Content-Type: text/plain; name=x.log", strings.Repeat("text ", 20))))[:580]},
		{name: "base64_with_noise", data: string(mailOf("Content-Type: text/plain; name=a.log\r\nContent-Transfer-Encoding: BASE64 \r\n\r\n dGV4\r\n\x00!\r\ndCBv ZiBh",
			"Content-Type: text/plain; name=b.log\r\nContent-Transfer-Encoding: base64\r\n\r\ndGV4dCBvZiBhd", "Content-Type: text/plain; name=c.log\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==Yg=="))},
		{name: "unknown_encoding", data: string(mailOf("Content-Type: text/plain; name=a.log\r\nContent-Transfer-Encoding: x-rot13\r\n\r\ngrkg"))},
		{name: "multipart_too_deep", data: mailHeader + deep + "\r\n"},
		{name: "multipart_without_boundary", data: mailHeader + "Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ntext\r\n"},
		{name: "multipart_of_nothing", data: mailHeader + "Content-Type: multipart/mixed; boundary=none\r\n\r\ntext\r\n"},
		{name: "header_not_well_formed", data: mailHeader + strings.Repeat("X-Long: "+strings.Repeat("x", 500)+"\r\n", 70) + "this is no field\r\n\r\ntext"},
	}
}

func TestMails(t *testing.T) {
	var got strings.Builder
	for _, m := range mails(t) {
		fmt.Fprintf(&got, "== %s\n%s\n", m.name, listing(readBytes(t, "in", []byte(m.data), Limits{})))
	}
	checkGolden(t, "mails.golden", got.String())
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestMailTimesAndLimits(t *testing.T) {
	c := readBytes(t, "in", []byte(mails(t)[0].data), Limits{})
	for _, f := range c.Files {
		if f.Path != "in/logs.zip/a.log" && !f.ModTime.Equal(testTime) || f.ModTime.Location() != time.UTC {
			t.Errorf("%s: %v", f.Path, f.ModTime)
		}
	}
	inner := []byte(mailHeader + "\r\nbottom")
	for i := range 4 {
		inner = bytes.ReplaceAll(mailOf("Content-Type: message/rfc822\r\n\r\n"+string(inner)), []byte("b 1"), fmt.Appendf(nil, "b%d", 1+i))
	}
	const path = "in/message.eml/message.eml"
	want := "! limit " + path + ": mail archive not opened: more than 2 archives inside each other\n"
	if got := listing(readBytes(t, "in", inner, Limits{Depth: 2})); !strings.HasPrefix(got, path+" ") || !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s", got)
	}
}

// TestNotMails holds that text which looks a little like a mail stays a file.
func TestNotMails(t *testing.T) {
	for _, s := range []string{
		"From: Ada\nSent: Monday\nTo: Help\nSubject: logs\n\nForwarded by hand",
		"HTTP/1.1 200 OK\r\nDate: Tue, 4 Mar 2025 05:06:08 GMT\r\nContent-Type: text/html\r\n\r\n<html>",
		"Date: today\nContent-Type: text/plain\nMIME-Version: 1.0\n\ntext",
		"From: x\nno field here\nMessage-ID: <1@x>\nDate: y\n\n",
		"2025-03-04 05:06:08 From: a To: b\nMIME-Version: 1.0\nDate: x\n",
		"[General]\nFrom: x\nDate: y\nMIME-Version: 1.0\n",
		"\nFrom: x\nDate: y\nMIME-Version: 1.0\n",
	} {
		c := readBytes(t, "x.eml", []byte(s), Limits{})
		if len(c.Files) != 1 || c.Files[0].Path != "x.eml" || c.Files[0].Partial || len(c.Problems) != 0 {
			t.Errorf("%.40q: %s", s, listing(c))
		}
	}
}

// FuzzEML reads any bytes as a mail.
func FuzzEML(f *testing.F) {
	for _, m := range mails(f) {
		f.Add([]byte(m.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzExpand(t, data, Options{}, (*reader).expandEML)
	})
}

// fuzzExpand expands data whatever it is, by one reader, and holds the limits.
func fuzzExpand(t *testing.T, data []byte, opts Options, expand func(*reader, *archive)) {
	opts.Limits = Limits{TotalBytes: 4 << 20, Files: 100, Depth: 3}
	r, _, err := newReader(t.Context(), []string{"x"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{path: "in", data: data, src: source(data, nil), size: int64(len(data)), depth: 1}
	r.names.open("in")
	expand(r, a)
	c := r.finish(nil)
	seen := map[string]bool{}
	for _, file := range c.Files {
		if !filepath.IsLocal(file.Path) || seen[file.Path] {
			t.Errorf("path %q", file.Path)
		}
		seen[file.Path] = true
	}
	if r.bytes > opts.Limits.TotalBytes || len(c.Files) > opts.Limits.Files+1 {
		t.Errorf("%d bytes, %d files", r.bytes, len(c.Files))
	}
}
