package codes

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrNotCode is returned for text that is neither a number of 32 bits nor a
// known symbol.
var ErrNotCode = errors.New("not a 32-bit number and not a known name")

// Parse reads one code in any of the spellings found in logs, portals and
// tickets:
//
//	0x80070643, 0X80070643, 0xFFFFFFFF80070643   hexadecimal, also sign-extended
//	8007064C                                     hexadecimal without prefix: exactly 8 digits
//	-2147023293                                  signed decimal
//	2147944003, 1603                             unsigned decimal
//	ERROR_INSTALL_FAILURE, e_fail                symbol, any case
//	HRESULT_FROM_WIN32(1603), ..(ERROR_BUSY)     the macro around either
//
// Eight digits without a letter can be read both ways. Windows writes codes
// without prefix ("CDJUIError 80180014") and no code it writes in decimal lies
// between 80 and 89 million, so eight decimal digits that begin with 8 are
// hexadecimal; all other runs of decimal digits are decimal.
//
// Spaces and one pair of quotes or brackets around the code are passed over.
// Parse returns an error that wraps ErrNotCode for anything else.
func Parse(s string) (uint32, error) {
	t := unwrap(s)
	if v, ok := parseNumber(t); ok {
		return v, nil
	}
	if v, ok := parseSymbol(t); ok {
		return v, nil
	}
	return 0, fmt.Errorf("parsing code %q: %w", s, ErrNotCode)
}

// unwrap removes spaces and one pair of quotes or brackets.
func unwrap(s string) string {
	s = strings.TrimSpace(s)
	for _, pair := range []string{`""`, "''", "()", "[]", "<>"} {
		if len(s) >= 2 && s[0] == pair[0] && s[len(s)-1] == pair[1] {
			return strings.TrimSpace(s[1 : len(s)-1])
		}
	}
	return s
}

// parseNumber reads the numeric spellings.
func parseNumber(s string) (uint32, bool) {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		v, err := strconv.ParseUint(s[2:], 16, 64)
		if err != nil || v > math.MaxUint32 && v>>31 != 1<<33-1 {
			return 0, false
		}
		return uint32(v), true
	}
	if isBareHex(s) {
		v, err := strconv.ParseUint(s, 16, 32)
		return uint32(v), err == nil
	}
	if s == "" || s[0] != '-' && !isDigit(s[0]) {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < math.MinInt32 || v > math.MaxUint32 {
		return 0, false
	}
	return uint32(v), true
}

// isBareHex reports whether s is eight hex digits that are not a decimal number.
func isBareHex(s string) bool {
	if len(s) != 8 {
		return false
	}
	letters := false
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
		letters = letters || !isDigit(s[i])
	}
	return letters || s[0] == '8'
}

// parseSymbol reads names and the HRESULT_FROM macros.
func parseSymbol(s string) (uint32, bool) {
	upper := strings.ToUpper(s)
	if v, ok := dict().symbols[upper]; ok {
		return v, true
	}
	name, arg, ok := strings.Cut(upper, "(")
	if !ok || !strings.HasSuffix(arg, ")") {
		return 0, false
	}
	arg = strings.TrimSpace(strings.TrimSuffix(arg, ")"))
	v, ok := dict().symbols[arg]
	if !ok {
		v, ok = parseNumber(arg)
	}
	switch strings.TrimSpace(name) {
	case "HRESULT_FROM_WIN32":
		if ok && v > 0 && v <= 0xFFFF {
			return 0x80070000 | v, true
		}
		return v, ok && (v == 0 || v >= 0x80000000) // the macro leaves success and HRESULTs alone
	case "HRESULT_FROM_NT":
		return v | 0x10000000, ok
	}
	return 0, false
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
