// Package codes is the dictionary of error codes of Windows enrolment: any
// spelling in (hex, signed, unsigned, symbol), name, meaning, area and source
// out. Codes without an entry are decoded by their family where the family has
// a rule (Win32 in HRESULT, HTTP in HRESULT …).
//
// Three embedded tables carry it: codes.tsv holds the codes that matter in
// enrolment, with meaning, typical cause and remedy; win32.tsv and sdk.tsv hold
// names of Windows SDK constants only. Where they differ codes.tsv wins.
//
// The package judges nothing: a code is never a root cause by itself, and the
// small numbers mean different things as exit code and as Win32 error.
package codes

//go:generate go run ./internal/gen

import (
	"fmt"
	"strings"
)

// Code is one entry. The zero value is an unknown code 0.
type Code struct {
	Value   uint32
	Area    string // "ESP", "Net", "CM", "MSI" …
	Symbol  string // empty = no symbol is known
	Meaning string // one sentence; empty = unknown
	Cause   string // typical cause; empty = none stated
	Remedy  string // what usually helps; empty = none stated
	Source  string // where name and meaning come from
	// Verified is false where no public source confirms the entry.
	Verified bool
	// Derived is true where no entry exists and the family's rule was used.
	Derived bool
}

// Hex renders v in hex, eight lower-case digits: "0x80072ee7".
func Hex(v uint32) string { return fmt.Sprintf("0x%08x", v) }

// number renders the value as people write it: plain decimal for exit codes
// and Win32 numbers, hex for all else.
func (c Code) number() string {
	if c.Value <= 0xFFFF {
		return fmt.Sprintf("%d", c.Value)
	}
	return Hex(c.Value)
}

// String renders the code in one line: "0x80070643
// HRESULT_FROM_WIN32(ERROR_INSTALL_FAILURE): fatal error during install". A
// small number is rendered in decimal.
func (c Code) String() string {
	var b strings.Builder
	b.WriteString(c.number())
	if c.Symbol != "" {
		b.WriteString(" " + c.Symbol)
	}
	if c.Meaning != "" {
		b.WriteString(": " + c.Meaning)
	}
	if !c.Verified && c.Meaning != "" {
		b.WriteString(" (unconfirmed)")
	}
	return b.String()
}
