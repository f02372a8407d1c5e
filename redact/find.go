package redact

import (
	"net/netip"
	"regexp"
	"strings"
)

// Struck stands where a secret stood. It has no stand-in: nothing is to be told
// of it, not even that two are the same.
const Struck = "[struck out]"

// secrets are what must not leave with any output: bulk registration tokens on
// command lines of ccmsetup, bearer tokens, passwords of task-sequence
// variables, shared access signatures of download links.
var secrets = []struct {
	hint string // lower case; text without it is passed over
	re   *regexp.Regexp
}{
	{"regtoken", regexp.MustCompile(`(?i)(regtoken["']?\s*[:=]\s*["']?)[^\s"',;/\[\]]+`)},
	{"eyj", regexp.MustCompile(`()eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)},
	{"passw", regexp.MustCompile(`(?i)((?:password|passwd)["']?\s*[:=]\s*["']?)[^\s"',;\[\]]+`)},
	{"sig=", regexp.MustCompile(`(?i)([?&]sig=)[^&\s"'\[]+`)},
	{"bearer", regexp.MustCompile(`(?i)(bearer\s+)[A-Za-z0-9._~+/-]{16,}=*`)},
}

// Secrets strikes out secrets and leaves all else.
func Secrets(s string) string {
	lower := ""
	for _, secret := range secrets {
		if lower == "" {
			lower = strings.ToLower(s)
		}
		if strings.Contains(lower, secret.hint) {
			s = secret.re.ReplaceAllString(s, "${1}"+Struck)
		}
	}
	return s
}

// shapes are values that are known by their form alone.
var shapes = []struct {
	kind Kind
	hint string // text without it is passed over
	re   *regexp.Regexp
	is   func(before, value, after string) bool // nil = always
}{
	{mail, "@", regexp.MustCompile(`[A-Za-z0-9._%+'-]+(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)+`), nil},
	{mail, "%40", regexp.MustCompile(`[A-Za-z0-9._+'-]+%40[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`), nil},
	{sid, "S-1-", regexp.MustCompile(`S-1-(?:5-21|12-1)(?:-\d+)+`), nil},
	// The names that Windows gives to devices until somebody gives them another.
	{Device, "TOP-", regexp.MustCompile(`\b(?:DESKTOP-[0-9A-Z]{7}|LAPTOP-[0-9A-Z]{8})\b`), nil},
	{Device, "WIN-", regexp.MustCompile(`\bWIN-[0-9A-Z]{11}\b`), nil},
	{mac, "", regexp.MustCompile(`\b(?:[0-9A-Fa-f]{2}[-:]){5}[0-9A-Fa-f]{2}\b`), nil},
	{ip, ".", regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), isAddress4},
	{ip, ":", regexp.MustCompile(`[0-9A-Fa-f:]{2,}:[0-9A-Fa-f:]*[0-9A-Fa-f]`), isAddress6},
	{hardware, "", regexp.MustCompile(`[A-Za-z0-9+/]{200,}={0,2}`), nil},
}

// isAddress4 tells addresses from version numbers as far as that can be told:
// what is called a version is one, 4.0.0.0 and 10.0.0.0 are versions or networks,
// and what does not leave the device identifies nobody.
func isAddress4(before, s, after string) bool {
	const reach = len("AgentVersion number is: ")
	if strings.Contains(strings.ToLower(before[max(0, len(before)-reach):]), "version") || strings.HasSuffix(before, ".") || len(after) > 1 && after[0] == '.' && isDigit(after[1]) {
		return false
	}
	a, err := netip.ParseAddr(s)
	return err == nil && !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && !strings.HasSuffix(s, ".0.0") && !strings.HasPrefix(s, "255.")
}

// isAddress6 tells addresses from the names of C++, in which "D::C" stands too,
// and from times.
func isAddress6(before, s, after string) bool {
	if n := len(before); n > 0 && (isWord(before[n-1]) || before[n-1] == '_') || after != "" && (isWord(after[0]) || after[0] == '_' || after[0] == ':') {
		return false
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && len(s) >= len("fe80::1") && !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// profile is the folder of a user: \Users\name\, also with its separators
// escaped.
var profile = regexp.MustCompile(`(?i)([\\/]Users[\\/]{1,4})([^\\/:*?"<>|\r\n]{1,64})`)

// named is an identifier of a tenant or a device beside its name.
var named = regexp.MustCompile(`(?i)(tenant|device)[ _-]?id(?:entifier)?["']?\s*(?:[:=]|is|to)?\s*["'{\[(]{0,2}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`)

// LearnFrom learns what a text gives away: the names of user folders, the names
// and domains of mail addresses, the identifiers of tenants and devices.
func (r *Redactor) LearnFrom(s string) {
	if strings.Contains(s, "sers") || strings.Contains(s, "SERS") {
		for _, m := range profile.FindAllStringSubmatch(s, -1) {
			r.Learn(User, strings.TrimRight(m[2], " .'"))
		}
	}
	if strings.Contains(s, "enant") || strings.Contains(s, "evice") || strings.Contains(s, "ENANT") || strings.Contains(s, "EVICE") {
		for _, m := range named.FindAllStringSubmatch(s, -1) {
			r.Learn(Kind(strings.ToLower(m[1])), m[2])
		}
	}
	if strings.Contains(s, "@") {
		for _, m := range shapes[0].re.FindAllString(s, -1) {
			name, domain, _ := strings.Cut(m, "@")
			r.Learn(User, strings.Trim(name, ".'"))
			r.LearnDomain(domain)
		}
	}
}

// LearnDomain learns the domain of an organisation, and its own name in it:
// fabrikam.onmicrosoft.com gives fabrikam too.
func (r *Redactor) LearnDomain(domain string) {
	if !strings.Contains(domain, ".") || strings.HasSuffix(strings.ToLower(domain), ".microsoft.com") {
		return
	}
	r.Learn(Tenant, domain)
	labels := strings.Split(domain, ".")
	for _, l := range labels[:len(labels)-1] {
		if len(l) > leastLearnt {
			r.Learn(Tenant, l)
		}
	}
}

// String replaces all that identifies somebody in a text.
func (r *Redactor) String(s string) string {
	if s == "" {
		return s
	}
	s = Secrets(s)
	for _, sh := range shapes {
		if sh.hint != "" && !strings.Contains(s, sh.hint) {
			continue
		}
		var b strings.Builder
		done := 0
		for _, at := range sh.re.FindAllStringIndex(s, -1) {
			if v := s[at[0]:at[1]]; sh.is == nil || sh.is(s[:at[0]], v, s[at[1]:]) {
				b.WriteString(s[done:at[0]])
				b.WriteString(r.standIn(sh.kind, v))
				done = at[1]
			}
		}
		if done > 0 {
			s = b.String() + s[done:]
		}
	}
	if strings.Contains(s, "sers") || strings.Contains(s, "SERS") {
		s = profile.ReplaceAllStringFunc(s, func(v string) string {
			m := profile.FindStringSubmatch(v)
			name := strings.TrimRight(m[2], " .'")
			if lower := strings.ToLower(name); name == "" || isCommon(lower) || isStandIn(lower) {
				return v
			}
			return m[1] + r.standIn(User, name) + m[2][len(name):]
		})
	}
	return r.tail(r.words(s))
}

// leastTail is the shortest beginning of a learnt value that tells of it.
const leastTail = 3

// tail takes away what a cut left of a learnt value at the end of a text.
func (r *Redactor) tail(s string) string {
	body, isCut := strings.CutSuffix(s, "…")
	if !isCut {
		return s
	}
	lower := strings.ToLower(body)
	if len(lower) != len(body) {
		body = lower
	}
	for _, list := range r.byFirst {
		for _, v := range list {
			for n := min(len(v)-1, len(lower)); n >= leastTail; n-- {
				if strings.HasSuffix(lower, v[:n]) && (n == len(lower) || !isWord(lower[len(lower)-n-1])) {
					return body[:len(body)-n] + "…"
				}
			}
		}
	}
	return s
}

// words replaces the learnt values where they stand as a word, in any case.
func (r *Redactor) words(s string) string {
	if len(r.learnt) == 0 {
		return s
	}
	lower := strings.ToLower(s)
	if len(lower) != len(s) { // folding moved the places: work on what can be compared
		s = lower
	}
	var b strings.Builder
	done := 0
	for i := 0; i < len(lower); {
		if i > 0 && isWord(lower[i-1]) || !isWord(lower[i]) {
			i++
			continue
		}
		v := r.at(lower[i:])
		if v == "" {
			i++
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(r.standIn(r.learnt[v], v))
		i += len(v)
		done = i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// at returns the longest learnt value that s, which is not empty, begins with as
// a word.
func (r *Redactor) at(s string) string {
	for _, v := range r.byFirst[s[0]] {
		if strings.HasPrefix(s, v) && (len(s) == len(v) || !isWord(s[len(v)]) || !isWord(v[len(v)-1])) {
			return v
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
