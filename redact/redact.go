// Package redact replaces what identifies people, devices and organisations by
// stand-ins, so that a report can be shared. The same value has the same
// stand-in throughout, and across runs where these share a key; without the key
// a stand-in cannot be turned back, not even by trying values.
//
// Two kinds of values are found: those that have a shape of their own (mail
// addresses, SIDs, addresses of networks, hardware hashes, secrets) and those
// that were learnt (computer and user names, serial numbers, tenants), which
// are found wherever they stand as a word. Identifiers of products, apps and
// policies stay, since they carry the meaning of a log.
//
// The package knows nothing of logs and reports; it works on strings.
package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Kind says what a value identifies. It is the first part of its stand-in.
type Kind string

// The kinds of values that are learnt.
const (
	User   Kind = "user"
	Device Kind = "device"
	Serial Kind = "serial"
	Tenant Kind = "tenant"
)

// The kinds that are found by their shape.
const (
	mail     Kind = "mail"
	sid      Kind = "sid"
	ip       Kind = "ip"
	mac      Kind = "mac"
	hardware Kind = "hash"
)

// Redactor replaces values by stand-ins. It is for one goroutine.
type Redactor struct {
	key    []byte
	learnt map[string]Kind // by lower-case value
	// byFirst are the learnt values by their first byte, the longest first.
	byFirst [256][]string
	seen    map[Kind]map[string]bool
}

// KeyBytes is the length of a key.
const KeyBytes = 32

// New makes a redactor. Redactors with the same key use the same stand-ins; nil
// = a key of chance. The error is that of the random source.
func New(key []byte) (*Redactor, error) {
	if key == nil {
		var err error
		if key, err = NewKey(); err != nil {
			return nil, err
		}
	}
	return &Redactor{key: slices.Clone(key), learnt: map[string]Kind{}, seen: map[Kind]map[string]bool{}}, nil
}

// NewKey makes a key of chance. The error is that of the random source.
func NewKey() ([]byte, error) {
	key := make([]byte, KeyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, nil
}

// leastLearnt is the shortest value that is learnt: shorter ones are words of
// the language too often.
const leastLearnt = 4

// common are values that identify nobody, in lower case.
var common = []string{
	"administrator", "admin", "default", "public", "all users", "system", "localservice", "networkservice", "local service", "network service", "nt authority", "nt service", "azuread", "builtin", "font driver host", "window manager", "dwm-1", "anonymous logon", "wdagutilityaccount", "guest", "user", "users",
	"localhost", "unknown", "none", "null", "to be filled by o.e.m.", "minwinpc", "default string", "system serial number", "not specified", "workgroup",
	"microsoft", "windows", "intune", "onmicrosoft", "manage", "azure", "office", "cloudapp", "eastus", "westus", "westeurope", "northeurope", "trafficmanager", "graph", "login", "corp", "home", "local", "internal", "server", "proxy",
}

// Learn notes a value that is to be replaced wherever it stands. Values that are
// too short, or identify nobody, are passed over.
func (r *Redactor) Learn(kind Kind, value string) {
	v := strings.ToLower(strings.TrimSpace(value))
	if len(v) < leastLearnt || isCommon(v) || isStandIn(v) {
		return
	}
	if _, known := r.learnt[v]; known {
		return
	}
	r.learnt[v] = kind
	list := r.byFirst[v[0]]
	i := sort.Search(len(list), func(i int) bool { return len(list[i]) < len(v) || len(list[i]) == len(v) && list[i] > v })
	r.byFirst[v[0]] = slices.Insert(list, i, v)
}

// isCommon reports whether a value in lower case identifies nobody.
func isCommon(v string) bool {
	return strings.HasPrefix(v, "defaultuser") || slices.Contains(common, v)
}

// standIn is the stand-in of a value: the kind and six digits of a keyed hash.
func (r *Redactor) standIn(kind Kind, value string) string {
	value = strings.ToLower(value)
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(string(kind) + "\x00" + value))
	if r.seen[kind] == nil {
		r.seen[kind] = map[string]bool{}
	}
	r.seen[kind][value] = true
	return string(kind) + "-" + hex.EncodeToString(h.Sum(nil)[:3])
}

// isStandIn reports whether a lower-case word is a stand-in.
func isStandIn(s string) bool {
	i := strings.LastIndexByte(s, '-')
	if i < 0 || len(s)-i-1 != 6 {
		return false
	}
	_, err := hex.DecodeString(s[i+1:])
	return err == nil
}

// Summary says how many different values were replaced: "14 values (3 user, 2
// device …)"; empty = none.
func (r *Redactor) Summary() string {
	total := 0
	var parts []string
	for kind, values := range r.seen {
		total += len(values)
		parts = append(parts, fmt.Sprintf("%d %s", len(values), kind))
	}
	if total == 0 {
		return ""
	}
	slices.Sort(parts)
	return fmt.Sprintf("%d values (%s)", total, strings.Join(parts, ", "))
}
