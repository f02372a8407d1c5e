package redact

import (
	"slices"
	"strings"
)

// Authority is the kind of names of an organisation's own certification
// authorities.
const Authority Kind = "ca"

// publicAuthorities begin the names, in lower case, of authorities that issue
// for everybody, and of those that Windows, Entra, Intune and ConfigMgr bring
// along: they tell of no organisation.
var publicAuthorities = []string{
	"microsoft", "ms-organization", "sc_online_issuing", "windows", "azure", "msit ", "sms", "configuration manager", "token signing", "localhost",
	"digicert", "verisign", "symantec", "thawte", "geotrust", "rapidssl", "baltimore", "cybertrust", "verizon", "globalsign", "alphassl", "entrust", "comodo", "sectigo", "usertrust", "addtrust",
	"go daddy", "godaddy", "starfield", "amazon", "google", "gts ", "let's encrypt", "isrg", "dst root", "identrust", "quovadis", "certum", "unizeto", "d-trust", "telesec", "t-systems", "t-telesec", "deutsche telekom",
	"swisssign", "buypass", "actalis", "harica", "ssl.com", "trustwave", "securetrust", "network solutions", "xramp", "zerossl", "certigna", "trust italia", "affirmtrust", "apple", "adobe", "dod root", "class 3 public primary", "equifax", "gte ", "hotspot 2.0",
	"infineon", "optiga", "intel", "amd ", "stm ", "stmicro", "nuvoton", "qualcomm", "ncu-", "ifx",
}

// LearnIssuer learns the names in the distinguished name of a certificate's
// issuer: those of an organisation's own authority, its organisation and its
// domain. Public authorities and those of the products stay.
func (r *Redactor) LearnIssuer(name string) {
	if len(name) > 1024 || !strings.Contains(name, "=") {
		return
	}
	var common, organisation string
	var domain []string
	for _, part := range splitName(name) {
		key, value, ok := strings.Cut(part, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if !ok || value == "" {
			continue
		}
		switch strings.ToUpper(strings.TrimSpace(key)) {
		case "CN":
			common = value
		case "O":
			organisation = value
		case "DC":
			domain = append(domain, value)
		}
	}
	if isPublicAuthority(common) || isPublicAuthority(organisation) {
		return
	}
	if !isGeneric(common) {
		r.Learn(Authority, common)
	}
	r.Learn(Tenant, organisation)
	if len(domain) > 1 {
		// Windows writes the innermost part first, others the outermost.
		if len(domain[0]) <= 3 && len(domain[len(domain)-1]) > 3 {
			for i, j := 0, len(domain)-1; i < j; i, j = i+1, j-1 {
				domain[i], domain[j] = domain[j], domain[i]
			}
		}
		r.LearnDomain(strings.Join(domain, "."))
		for _, label := range domain[:len(domain)-1] {
			r.Learn(Tenant, label)
		}
	}
}

// generic are the words that names of authorities are made of.
var generic = []string{"ca", "root", "sub", "subca", "issuing", "intermediate", "policy", "enterprise", "corporate", "internal", "device", "user", "server", "client", "certificate", "certification", "authority", "global", "ecc", "rsa", "sha256", "tls", "ssl"}

// isGeneric reports whether a name says no more than that it is an authority's.
func isGeneric(name string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c < 0x80 && !isWord(byte(c)) }) {
		if strings.Trim(word, "0123456789") != "" && !slices.Contains(generic, word) {
			return false
		}
	}
	return true
}

func isPublicAuthority(name string) bool {
	name = strings.ToLower(name)
	for _, p := range publicAuthorities {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// splitName splits a distinguished name at its commas (semicolons, pluses),
// those in quotes and behind a backslash left out.
func splitName(name string) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ';' || c == '+'):
			out = append(out, name[start:i])
			start = i + 1
		}
	}
	return append(out, name[start:])
}
