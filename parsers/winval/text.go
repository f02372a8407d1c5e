package winval

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendUTF16 appends little-endian UTF-16 as UTF-8; room for 3 bytes a unit must
// be reserved. Lone surrogates become U+FFFD.
func AppendUTF16(dst, src []byte) []byte {
	for len(src) >= 8 {
		v := binary.LittleEndian.Uint64(src)
		if v&0xff80ff80ff80ff80 != 0 {
			break
		}
		dst = append(dst, byte(v), byte(v>>16), byte(v>>32), byte(v>>48))
		src = src[8:]
	}
	for len(src) >= 2 {
		r := rune(binary.LittleEndian.Uint16(src))
		src = src[2:]
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if len(src) >= 2 {
				pair = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(src)))
			}
			if r = pair; r != utf8.RuneError {
				src = src[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// TrimNUL cuts UTF-16 NULs off the end, and half a unit.
func TrimNUL(b []byte) []byte {
	b = b[:len(b)&^1]
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// windows1252 maps 0x80..0x9f; the five unassigned bytes map to themselves.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// AppendANSI appends an 8-bit string; room for 3 bytes each must be reserved.
func AppendANSI(dst, src []byte) []byte {
	if utf8.Valid(src) {
		return append(dst, src...)
	}
	for _, c := range src {
		r := rune(c)
		if c >= 0x80 && c < 0xa0 {
			r = windows1252[c-0x80]
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

const hexLower, hexUpper = "0123456789abcdef", "0123456789ABCDEF"

func AppendHex(dst, src []byte) []byte {
	for _, c := range src {
		dst = append(dst, hexLower[c>>4], hexLower[c&15])
	}
	return dst
}

// AppendGUID appends 16 bytes as {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}.
func AppendGUID(dst, b []byte) []byte {
	dst = append(dst, '{')
	for i, j := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexUpper[b[j]>>4], hexUpper[b[j]&15])
	}
	return append(dst, '}')
}

// SIDLen is the size of the SID at the start of b, or 0 where none fits.
func SIDLen(b []byte) int {
	if len(b) < 8 || len(b) < 8+4*int(b[1]) {
		return 0
	}
	return 8 + 4*int(b[1])
}

// AppendSID appends a SID of SIDLen bytes. An authority above 32 bits is hex,
// as in Windows.
func AppendSID(dst, b []byte) []byte {
	dst = append(dst, "S-"...)
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	auth := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	dst = append(dst, '-')
	if auth >= 1<<32 {
		dst = append(dst, "0x"...)
		dst = strconv.AppendUint(dst, auth, 16)
	} else {
		dst = strconv.AppendUint(dst, auth, 10)
	}
	for i := 8; i < len(b); i += 4 {
		dst = append(dst, '-')
		dst = strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(b[i:])), 10)
	}
	return dst
}
