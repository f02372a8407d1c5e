package rules

import "slices"

// automaton finds many literals in one pass over a text, without regard to
// ASCII case (Aho and Corasick, 1975, as a full table over the byte classes
// that occur). It is immutable after build.
type automaton struct {
	class  [256]uint8
	width  int32
	next   []int32   // state*width + class → state*width, negative where the target has output
	output [][]int32 // by state: values of the literals that end there, shorter ones included
}

// literal is a text to find, in lower case, and what to report for it.
type literal struct {
	text  string
	value int32
}

// newAutomaton builds the table. Empty literals are not allowed.
func newAutomaton(lits []literal) *automaton {
	if len(lits) == 0 {
		return nil
	}
	a := &automaton{width: 1}
	for _, l := range lits {
		for i := 0; i < len(l.text); i++ {
			if c := l.text[i]; a.class[c] == 0 {
				// At most 230 classes: upper-case letters share those of the lower.
				a.class[c] = uint8(a.width)
				a.width++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		a.class[c] = a.class[lowerByte(c)]
	}
	a.build(lits)
	return a
}

func (a *automaton) build(lits []literal) {
	width := int(a.width)
	trie := make([]int32, width) // 0 = no child yet
	a.output = [][]int32{nil}
	for _, l := range lits {
		state := 0
		for i := 0; i < len(l.text); i++ {
			slot := state*width + int(a.class[l.text[i]])
			if trie[slot] == 0 {
				trie[slot] = int32(len(a.output))
				a.output = append(a.output, nil)
				trie = append(trie, make([]int32, width)...)
			}
			state = int(trie[slot])
		}
		if !slices.Contains(a.output[state], l.value) {
			a.output[state] = append(a.output[state], l.value)
		}
	}
	// Breadth first: a missing child is that of the longest proper suffix.
	fail := make([]int32, len(a.output))
	queue := make([]int32, 0, len(a.output))
	for c := range width {
		if s := trie[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for head := 0; head < len(queue); head++ {
		s := queue[head]
		a.output[s] = append(a.output[s], a.output[fail[s]]...)
		for c := range width {
			slot, back := int(s)*width+c, trie[int(fail[s])*width+c]
			if child := trie[slot]; child != 0 {
				fail[child] = back
				queue = append(queue, child)
			} else {
				trie[slot] = back
			}
		}
	}
	a.next = trie
	for i, s := range trie {
		a.next[i] = s * a.width
		if len(a.output[s]) > 0 {
			a.next[i] = -a.next[i]
		}
	}
}

// scan calls found with the values of the literals in s, some of them more
// than once.
func (a *automaton) scan(s string, found func(values []int32)) {
	state := int32(0)
	next, class := a.next, &a.class
	for i := 0; i < len(s); i++ {
		state = next[state+int32(class[s[i]])]
		if state < 0 {
			state = -state
			found(a.output[state/a.width])
		}
	}
}
