package main

import (
	"fmt"
	"strconv"
	"strings"
)

// sizeFlag is a number of bytes, written with an optional K, M or G (powers of
// 1024): "200M". It is a pflag.Value.
type sizeFlag int64

func (s *sizeFlag) String() string {
	for _, u := range []struct {
		unit string
		n    int64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n := int64(*s); n != 0 && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.unit
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set parses text; it returns an error for anything but a number of bytes.
func (s *sizeFlag) Set(text string) error {
	digits, shift := strings.ToUpper(strings.TrimSpace(text)), 0
	digits = strings.TrimSuffix(strings.TrimSuffix(digits, "B"), "I")
	for unit, by := range map[string]int{"K": 10, "M": 20, "G": 30} {
		if rest, ok := strings.CutSuffix(digits, unit); ok {
			digits, shift = rest, by
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return fmt.Errorf("%q is not a size such as 200M", text)
	}
	*s = sizeFlag(n << shift)
	return nil
}

// Type names the value in help texts.
func (s *sizeFlag) Type() string { return "SIZE" }
