package synth

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
)

// registry is a list of keys in the order of the dump.
type registry struct{ keys []regKey }

type regKey struct {
	path   string // beneath HKEY_LOCAL_MACHINE
	values []regValue
}

// regValue is one value: a string, uint32 (DWORD), uint64 (QWORD), []string
// (MULTI_SZ) or []byte (BINARY).
type regValue struct {
	name string // "" = the default value
	data any
}

func val(name string, data any) regValue { return regValue{name, data} }

func (r *registry) key(path string, values ...regValue) {
	r.keys = append(r.keys, regKey{path, values})
}

// dump renders the dialect of mdmdiagnosticstool: no header, single bytes,
// values indented, strings as they are:
//
//	[HKEY_LOCAL_MACHINE\software\microsoft\enrollments\…\FirstSync]
//	    "SyncFailureTimeout"=DWORD:0000003c
func (r *registry) dump() []byte {
	var b strings.Builder
	for _, k := range r.keys {
		b.WriteString("[HKEY_LOCAL_MACHINE\\" + k.path + "]\r\n")
		for _, v := range k.values {
			name := `"` + v.name + `"`
			if v.name == "" {
				name = "@"
			}
			b.WriteString("    " + name + "=" + dumpData(v.data) + "\r\n")
		}
		b.WriteString("\r\n")
	}
	return []byte(b.String())
}

func dumpData(data any) string {
	switch v := data.(type) {
	case uint32:
		return fmt.Sprintf("DWORD:%08x", v)
	case uint64:
		return fmt.Sprintf("QWORD:%x", v)
	case []string:
		return `MULTI_SZ:"` + strings.Join(v, " ") + `"`
	case []byte:
		return "hex(3):" + hexList(v)
	}
	return `"` + strings.ReplaceAll(data.(string), "\n", " ") + `"`
}

// export renders a regedit file, version 5, in UTF-16LE.
func (r *registry) export() []byte {
	var b strings.Builder
	b.WriteString("Windows Registry Editor Version 5.00\r\n\r\n")
	for _, k := range r.keys {
		b.WriteString("[HKEY_LOCAL_MACHINE\\" + k.path + "]\r\n")
		for _, v := range k.values {
			name := `"` + escape(v.name) + `"`
			if v.name == "" {
				name = "@"
			}
			b.WriteString(name + "=" + exportData(v.data) + "\r\n")
		}
		b.WriteString("\r\n")
	}
	return utf16File(b.String())
}

func exportData(data any) string {
	switch v := data.(type) {
	case uint32:
		return fmt.Sprintf("dword:%08x", v)
	case uint64:
		le := make([]byte, 8)
		for i := range le {
			le[i] = byte(v >> (8 * i))
		}
		return "hex(b):" + hexList(le)
	case []string:
		return "hex(7):" + hexList(utf16LE(strings.Join(v, "\x00")+"\x00\x00"))
	case []byte:
		return "hex:" + hexList(v)
	}
	return `"` + escape(data.(string)) + `"`
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

func hexList(data []byte) string {
	parts := make([]string, len(data))
	for i, b := range data {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ",")
}

func utf16LE(s string) []byte {
	var out []byte
	for _, c := range utf16.Encode([]rune(s)) {
		out = append(out, byte(c), byte(c>>8))
	}
	return out
}

// utf16File is the text as UTF-16LE with a byte order mark.
func utf16File(s string) []byte { return append([]byte{0xff, 0xfe}, utf16LE(s)...) }
