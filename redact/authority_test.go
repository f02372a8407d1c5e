package redact

import (
	"bytes"
	"strings"
	"testing"
)

func TestLearnIssuer(t *testing.T) {
	tests := []struct {
		name, issuer string
		hidden       []string // words of a text that are to go
	}{
		{"own_authority", "CN=Umber Road Issuing CA 02, DC=corp, DC=umberroad, DC=example", []string{"Umber Road Issuing CA 02", "umberroad", "corp.umberroad.example"}},
		{"outermost_first", "DC=com, DC=umberroad, CN=UR-CA-03", []string{"UR-CA-03", "umberroad.com"}},
		{"organisation", `CN=Device CA, O="Umber Road, Ltd", C=NL`, []string{"Umber Road, Ltd"}},
		{"of_microsoft", "CN=Microsoft Intune MDM Device CA", nil},
		{"of_entra", "DC=net + DC=windows + CN=MS-Organization-Access + OU=82dbaca4-3e81-46ca-9c73-0950c1eaca97", nil},
		{"public_root", "CN=DigiCert Global Root G2, OU=www.digicert.com, O=DigiCert Inc, C=US", nil},
		{"public_by_its_organisation", "CN=RSA Issuing 4, O=Sectigo Limited, C=GB", nil},
		{"no_name", "issued by nobody", nil},
		{"empty", "CN=, O=\"", nil},
	}
	const text = "Umber Road Issuing CA 02, UR-CA-03, Device CA, Umber Road, Ltd, umberroad, corp.umberroad.example, umberroad.com, Microsoft Intune MDM Device CA, MS-Organization-Access, DigiCert Global Root G2, RSA Issuing 4, Sectigo Limited, issued by nobody"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New(bytes.Repeat([]byte{1}, KeyBytes))
			if err != nil {
				t.Fatal(err)
			}
			r.LearnIssuer(tt.issuer)
			got := r.String(text)
			for _, h := range tt.hidden {
				if r.String(h) == h {
					t.Errorf("%q stays", h)
				}
			}
			if len(tt.hidden) == 0 && got != text {
				t.Errorf("something went: %s", got)
			}
			if !strings.Contains(got, "Microsoft Intune MDM Device CA, MS-Organization-Access, DigiCert Global Root G2") {
				t.Errorf("public names went: %s", got)
			}
		})
	}
}

func FuzzLearnIssuer(f *testing.F) {
	f.Add(`CN="a\"b", DC=x + DC=y`)
	f.Fuzz(func(t *testing.T, name string) {
		r, err := New(bytes.Repeat([]byte{1}, KeyBytes))
		if err != nil {
			t.Fatal(err)
		}
		r.LearnIssuer(name)
		r.String(name)
	})
}
