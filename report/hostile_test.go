package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"debrief/event"
	"debrief/timeline"
)

// attack holds what a log could carry to harm the reader of a report.
const attack = "\x1b[31m\x1b]8;;https://evil.test\x07\u202Egnp.exe\u200b <script>alert(1)</script> \"><img src=x onerror=alert(2)> " +
	"``` ```` [click](https://evil.test) | # x\r\n# heading\n```\n</style></pre>{{.Case}} javascript:alert(3)"

// hostile is a failure in which every text is an attack.
func hostile() *story {
	s := failure()
	for i := range s.EventList {
		s.EventList[i].Message += attack
		s.EventList[i].Pos.File += attack
	}
	for i := range s.FactList {
		if s.FactList[i].Name != "session.outcome" {
			s.FactList[i].Text += attack
		}
		s.FactList[i].Key += strings.Repeat(attack, len(s.FactList[i].Key)/99)
	}
	for i := range s.Story.Spans {
		s.Story.Spans[i].Name += attack
		s.Story.Spans[i].State += timeline.State("")
	}
	for i := range s.CoverageList {
		s.CoverageList[i].File += attack
		s.CoverageList[i].Problems = []event.Problem{{Kind: event.Damage, Text: attack}}
	}
	return s
}

func TestHostileText(t *testing.T) {
	out := formats(t, hostile().view(t))
	for ext, data := range out {
		for _, r := range string(data) {
			bad := unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
			if bad && !(ext == "ansi" && r == '\x1b') {
				t.Errorf("%s holds %U", ext, r)
				break
			}
		}
	}
	if rest := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAll(out["ansi"], nil); bytes.ContainsRune(rest, '\x1b') {
		t.Error("the coloured text holds an escape that is not a colour of ours")
	}
	html := string(out["html"])
	for _, bad := range []string{"<script", "<img", "onerror=alert(2)>\"", `href="https://evil`, "</style></pre>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Count(html, "</style>") != 1 || strings.Count(html, "<style>") != 1 {
		t.Error("log text reached the style sheet")
	}
	checkFences(t, string(out["md"]))
}

// checkFences walks over Markdown as a renderer would: every fence must close
// with its own length, and outside of fences no line of the log may open a
// heading, a fence, a link or a tag.
func checkFences(t *testing.T, text string) {
	t.Helper()
	fence := ""
	for _, l := range strings.Split(text, "\n") {
		run := l[:longestPrefix(l, '`')]
		if fence != "" {
			if run != "" && len(run) >= len(fence) && strings.TrimLeft(l, "`") == "" {
				fence = ""
			}
			continue
		}
		if len(run) >= 3 && strings.HasSuffix(l, "text") {
			fence = run
			continue
		}
		if strings.HasPrefix(l, "# heading") {
			t.Errorf("log text made the heading %q", l)
		}
		for _, bad := range []string{"<script", "](https", "<img"} {
			if strings.Contains(outsideCode(l), bad) {
				t.Errorf("line %q holds %q", l, bad)
			}
		}
	}
	if fence != "" {
		t.Errorf("the fence %q is never closed", fence)
	}
}

// outsideCode returns what of a line a renderer reads as Markdown: without
// code spans and escaped characters.
func outsideCode(l string) string {
	var b strings.Builder
	for i := 0; i < len(l); i++ {
		switch l[i] {
		case '\\':
			i++
		case '`':
			run := longestPrefix(l[i:], '`')
			end := i + run
			for end < len(l) && longestPrefix(l[end:], '`') != run {
				end += max(longestPrefix(l[end:], '`'), 1)
			}
			if end < len(l) {
				i = end + run - 1
				continue
			}
			b.WriteByte(l[i])
		default:
			b.WriteByte(l[i])
		}
	}
	return b.String()
}

func longestPrefix(s string, c byte) int { return len(s) - len(strings.TrimLeft(s, string(c))) }

// TestPolicy holds the page to its content policy: only the style sheet whose
// hash it names, no script, nothing from elsewhere.
func TestPolicy(t *testing.T) {
	html := string(formats(t, failure().view(t))["html"])
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(html)
	policy := regexp.MustCompile(`style-src &#39;sha256-(.*?)&#39;`).FindStringSubmatch(html)
	if style == nil || policy == nil {
		t.Fatal("style sheet or policy is missing")
	}
	sum := sha256.Sum256([]byte(style[1]))
	if want := base64.StdEncoding.EncodeToString(sum[:]); strings.ReplaceAll(policy[1], "&#43;", "+") != want {
		t.Errorf("the policy names %s, the style sheet has %s", policy[1], want)
	}
	for _, bad := range []string{" style=", "<script", " src=", "<link", "@import", "url("} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, ref := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if ref[1] != "https://example.test/dns" {
			t.Errorf("the page links to %q", ref[1])
		}
	}
}
