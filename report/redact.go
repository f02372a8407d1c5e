package report

import (
	"regexp"
	"strings"
)

// struck stands where a secret stood.
const struck = "[struck out]"

// secrets are what must not leave with a report: bulk registration tokens on
// command lines of ccmsetup, bearer tokens, passwords of task-sequence
// variables, shared access signatures of download links. Personal data is not
// touched here.
var secrets = []struct {
	hint string // lower case; text without it is passed over
	re   *regexp.Regexp
}{
	{"regtoken", regexp.MustCompile(`(?i)(regtoken["']?\s*[:=]\s*["']?)[^\s"',;/\[\]]+`)},
	{"eyj", regexp.MustCompile(`()eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)},
	{"passw", regexp.MustCompile(`(?i)((?:password|passwd)["']?\s*[:=]\s*["']?)[^\s"',;\[\]]+`)},
	{"sig=", regexp.MustCompile(`(?i)([?&]sig=)[^&\s"']+`)},
	{"bearer", regexp.MustCompile(`(?i)(bearer\s+)[A-Za-z0-9._~+/-]{16,}=*`)},
}

// redact strikes out secrets.
func redact(s string) string {
	lower := ""
	for _, secret := range secrets {
		if lower == "" {
			lower = strings.ToLower(s)
		}
		if strings.Contains(lower, secret.hint) {
			s = secret.re.ReplaceAllString(s, "${1}"+struck)
		}
	}
	return s
}
