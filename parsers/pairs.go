package parsers

import (
	"encoding/json"
	"strings"
)

// pair is one scalar member of a JSON-like text.
type pair struct {
	key, value string
	depth      int // objects and arrays around it; 1 = top
	line       int // 1-based line of the key
	offset     int // of the key in the text
}

// scanPairs lists the scalar members of a JSON text in its order, objects
// inside it included. It also reads what is not JSON any more: missing commas,
// bare words, and text that is cut off, which whole tells.
func scanPairs(text string) (pairs []pair, whole bool) {
	s := pairScanner{text: text, line: 1}
	for s.skipSpace() {
		switch c := text[s.at]; c {
		case '{', '[':
			s.depth++
			s.opened = true
			s.at++
		case '}', ']':
			s.depth--
			s.at++
		case ',', ':':
			s.at++
		default:
			p := pair{depth: s.depth, line: s.line, offset: s.at}
			if p.key = s.word(); !s.colon() {
				continue
			}
			if s.skipSpace() && text[s.at] != '{' && text[s.at] != '[' {
				if p.value = s.value(); !s.cut {
					pairs = append(pairs, p)
				}
			}
		}
	}
	return pairs, s.opened && s.depth == 0 && !s.cut
}

type pairScanner struct {
	text   string
	at     int
	line   int
	depth  int
	opened bool
	cut    bool // the text ends inside a string or a number
}

// skipSpace moves to the next character that is not space; false at the end.
func (s *pairScanner) skipSpace() bool {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '\n':
			s.line++
		case !isPadding(c):
			return true
		}
	}
	return false
}

// colon moves behind a colon on the same line.
func (s *pairScanner) colon() bool {
	i := s.at
	for i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t') {
		i++
	}
	if i >= len(s.text) || s.text[i] != ':' {
		return false
	}
	s.at = i + 1
	return true
}

// word reads a string, or a bare word up to white space or punctuation.
func (s *pairScanner) word() string {
	if s.text[s.at] == '"' {
		return s.str()
	}
	start := s.at
	for s.at < len(s.text) && !strings.ContainsRune(" \t\r\n,:{}[]\"", rune(s.text[s.at])) {
		s.at++
	}
	if s.at == start {
		s.at++
	}
	return s.text[start:s.at]
}

// value reads a string, or what stands bare up to a comma, a bracket or the
// end of the line: numbers, and "REG_QWORD: 0x1" of old writers.
func (s *pairScanner) value() string {
	if s.text[s.at] == '"' {
		return s.str()
	}
	start := s.at
	for s.at < len(s.text) && !strings.ContainsRune("\r\n,}]", rune(s.text[s.at])) {
		s.at++
	}
	if s.at == len(s.text) {
		s.cut = true
	}
	return trim(s.text[start:s.at])
}

// str reads a string, which ends at its quote or else with its line.
func (s *pairScanner) str() string {
	start := s.at
	s.at++
	escaped := false
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '\\':
			escaped = true
			s.at += 2
			continue
		case '\n':
			return s.text[start+1 : s.at]
		case '"':
			s.at++
			token := s.text[start:s.at]
			var text string
			if escaped && json.Unmarshal([]byte(token), &text) == nil {
				return text
			}
			return token[1 : len(token)-1]
		}
		s.at++
	}
	s.at, s.cut = len(s.text), true
	return s.text[min(start+1, len(s.text)):]
}
