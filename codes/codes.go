// Package codes is the dictionary of error codes of Windows enrolment: any
// spelling in (hex, signed, unsigned, symbol), name, meaning, area and source
// out. Codes without an entry are decoded by their family where the family has
// a rule (Win32 in HRESULT, HTTP in HRESULT …).
package codes

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
