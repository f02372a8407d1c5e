package ingest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readLocked reads one file of that content with a password.
func readLocked(t testing.TB, data []byte, password string) *Case {
	t.Helper()
	p := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(p, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := read(t, []string{p}, Options{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Archives that other programs made of "text of a".
const (
	// zip 3.0 -P "open sesame"
	infoZIP = "UEsDBAoACQAAANihd12c85bdFQAAAAkAAAAFABwAYS5sb2dVVAkAA7ieBGu4ngRrdXgLAAEEAAAAAAQAAAAAxIhT3Me/rSkg4yx4PlmXkh7KDvg/UEsHCJzzlt0VAAAACQAAAFBLAQIeAwoACQAAANihd12c85bdFQAAAAkAAAAFABgAAAAAAAEAAACkgQAAAABhLmxvZ1VUBQADuJ4Ea3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQABAEsAAABkAAAAAAA="
	// the same from standard input: zip64, sizes behind the data
	infoZIPStreamed = "UEsDBC0ACQAAANihd12c85bd//////////8BABQALQEAEAAJAAAAAAAAABUAAAAAAAAAehy7j5UF5gNRTnUBKdAe/6j2ICmyUEsHCJzzlt0VAAAAAAAAAAkAAAAAAAAAUEsBAh4DLQAJAAAA2KF3XZzzlt0VAAAACQAAAAEAAAAAAAAAAQAAAIARAAAAAC1QSwYGLAAAAAAAAAAeAy0AAAAAAAAAAAABAAAAAAAAAAEAAAAAAAAALwAAAAAAAABgAAAAAAAAAFBLBgcAAAAAjwAAAAAAAAABAAAAUEsFBgAAAAABAAEALwAAAGAAAAAAAA=="
	// pyzipper 0.3, AES-256, AE-2, nine times the text
	pyZipper = "UEsDBBQAAQBjANihd10AAAAAKgAAAFEAAAAFAAsAYS5sb2cBmQcAAgBBRQMIAOW3GIo1TRCsU4k4wFGNwcENbfMl7wSHJ55oNjJG076KrcVe1iLSS8sLw1BLAQIUAxQAAQBjANihd10AAAAAKgAAAFEAAAAFAAsAAAAAAAAAAACAAQAAAABhLmxvZwGZBwACAEFFAwgAUEsFBgAAAAABAAEAPgAAAFgAAAAAAA=="
	// py7zr 1.0, password "öffne mich", without and with an encrypted header
	py7z       = "N3q8ryccAARFmI7BeQAAAAAAAAAUAAAAAAAAAIHWvcr6z73fOm6sviIMqHDfxBErAQBkAQQGAAEJEAoBilhM8gAHCwEAAiQG8QcBElMPdpoZI4xPfxqCzw0pPhwmLiEhARgBAAwNCQAICgGc85bdAAAFARENAGEALgBsAG8AZwAAABQKAQDAghlKh3vdARUGAQAggICBAAAAFwYQAQlpAAcLAQABISEBGAxlAAA="
	py7zHeader = "N3q8ryccAATHZ2zLgAAAAAAAAAAoAAAAAAAAADHcQB+U3bzzv+2JV824XIk7GIe8GcA+Wr5RguF+1PipbQfaIivE1rMi5C/gpIu+FEDYsXVumSvYu3jJy9d40U0+Caxqpw62sMi0ipscU8HaQmuxPWCXaZ10lQO6I/uUycRWco2v1HC0txy32uAPce2GE2KI41+srMQSrQgzbgwvkYxNZhcGEAEJcAAHCwEAASQG8QcBElMPDqAhRKUsnyMJD9DmkwRm6QxlAAA="
)

func TestEncryptedByOthers(t *testing.T) {
	tests := []struct{ name, data, password, list, member string }{
		{"info_zip", infoZIP, "open sesame", "in/a.log 9 \"text of a\"\n", "1 member encrypted"},
		{"info_zip_streamed", infoZIPStreamed, "open sesame", "in/- 9 \"text of a\"\n", "1 member encrypted"},
		{"pyzipper", pyZipper, "open sesame", "in/a.log 81\n", "1 member encrypted"},
		{"py7zr", py7z, "öffne mich", "in/a.log 9 \"text of a\"\n", "1 member encrypted"},
		{"py7zr_header", py7zHeader, "öffne mich", "in/a.log 9 \"text of a\"\n", "its list of members is encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := base64.StdEncoding.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.list, listing(readLocked(t, data, tt.password))); diff != "" {
				t.Errorf("right password (-want +got):\n%s", diff)
			}
			for password, more := range map[string]string{"": "", "wrong": "; the one given does not open it"} {
				c := readLocked(t, data, password)
				want := "! unreadable in: needs a password: --password (" + tt.member + more + ")\n"
				if got := listing(c); !strings.HasSuffix(got, want) || len(c.Problems) != 1 || len(c.Files) != 1 || !c.Files[0].Partial {
					t.Errorf("password %q: got\n%s", password, got)
				}
			}
		})
	}
}

// locked is one member of an encrypted ZIP that a test makes.
type locked struct {
	entry
	password string // "" = not encrypted
	strength byte   // of AES; 0 = traditional
	version  uint16 // of AES
	stored   bool
	deferred bool // sizes and CRC behind the data
	broken   bool // a byte of the encrypted data is turned
}

// lockedZIP writes a ZIP by hand.
func lockedZIP(t testing.TB, list ...locked) []byte {
	t.Helper()
	var b, central []byte
	for _, l := range list {
		at := len(b)
		flags, method, crc := uint16(0), uint16(zip.Deflate), crc32.ChecksumIEEE([]byte(l.data))
		packed := deflated(t, l.data)
		if l.stored {
			method, packed = zip.Store, []byte(l.data)
		}
		var extra []byte
		sum := crc
		if l.password != "" {
			flags |= zipEncrypted
			if l.strength != 0 {
				extra = le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, aesExtra), 7), l.version)
				extra = le.AppendUint16(append(extra, 'A', 'E', l.strength), method)
				method = zipAES
				packed = sealedAES(t, packed, l.password, l.strength)
				if l.version == 2 {
					sum = 0
				}
			} else {
				check := byte(crc >> 24)
				if l.deferred {
					check = 0x28 // of the time below
				}
				packed = sealedTraditional(packed, l.password, check)
			}
		}
		if l.broken {
			packed[len(packed)/2] ^= 0x10
		}
		if l.deferred {
			flags |= zipDeferred
		}
		fields := func(out []byte, crc uint32, packed, size int) []byte {
			out = le.AppendUint16(le.AppendUint16(le.AppendUint16(out, flags), method), 0x28C4)
			out = le.AppendUint32(le.AppendUint16(out, 0x5A64), crc)
			out = le.AppendUint32(le.AppendUint32(out, uint32(packed)), uint32(size))
			return le.AppendUint16(le.AppendUint16(out, uint16(len(l.name))), uint16(len(extra)))
		}
		b = le.AppendUint16(append(b, zipLocalHeader...), 20)
		if l.deferred {
			b = fields(b, 0, 0, 0)
		} else {
			b = fields(b, sum, len(packed), len(l.data))
		}
		b = append(append(append(b, l.name...), extra...), packed...)
		if l.deferred {
			b = le.AppendUint32(append(b, zipDescriptor...), sum)
			b = le.AppendUint32(le.AppendUint32(b, uint32(len(packed))), uint32(len(l.data)))
		}
		central = le.AppendUint16(le.AppendUint16(append(central, zipCentralHeader...), 20), 20)
		central = fields(central, sum, len(packed), len(l.data))
		central = append(central, make([]byte, 10)...)
		central = append(append(le.AppendUint32(central, uint32(at)), l.name...), extra...)
	}
	end := le.AppendUint16(append([]byte(zipEndRecord), 0, 0, 0, 0), uint16(len(list)))
	end = le.AppendUint32(le.AppendUint16(end, uint16(len(list))), uint32(len(central)))
	end = le.AppendUint16(le.AppendUint32(end, uint32(len(b))), 0)
	return bytes.Join([][]byte{b, central, end}, nil)
}

func deflated(t testing.TB, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err == nil {
		_, err = w.Write([]byte(data))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sealedTraditional(data []byte, password string, check byte) []byte {
	plain := append([]byte("ELEVEN BYTE"), check)
	plain = append(plain, data...)
	k := newZipCrypto([]byte(password))
	for i, b := range plain {
		plain[i] = b ^ k.mask()
		k.stir(b)
	}
	return plain
}

func sealedAES(t testing.TB, data []byte, password string, strength byte) []byte {
	t.Helper()
	n := 8 + 8*int(strength)
	salt := []byte("sixteen bytes of")[:n/2]
	keys, err := pbkdf2.Key(sha1.New, password, salt, 1000, 2*n+2)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(keys[:n])
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(data)
	for i := 0; i < len(out); i += 16 {
		var counter, mask [16]byte
		binary.LittleEndian.PutUint64(counter[:], uint64(i/16+1))
		block.Encrypt(mask[:], counter[:])
		for k := i; k < min(i+16, len(out)); k++ {
			out[k] ^= mask[k-i]
		}
	}
	mac := hmac.New(sha1.New, keys[n:2*n])
	mac.Write(out)
	return bytes.Join([][]byte{salt, keys[2*n:], out, mac.Sum(nil)[:10]}, nil)
}

func TestEncryptedZIP(t *testing.T) {
	const password = "open sesame"
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "b.log", data: strings.Repeat("more text, ", 5000)}
	open := locked{entry: entry{name: "open.log", data: "not locked"}}
	const all = "in/a.log 9 \"text of a\"\nin/b.log 55000\nin/open.log 10 \"not locked\"\n"
	var tests []struct {
		name, want string
		data       []byte
		password   string
	}
	add := func(name, want, password string, data []byte) {
		tests = append(tests, struct {
			name, want string
			data       []byte
			password   string
		}{name, want, data, password})
	}
	for strength := range byte(4) {
		for version := uint16(1); version <= 2; version++ {
			for _, stored := range []bool{false, true} {
				for _, deferred := range []bool{false, true} {
					as := locked{password: password, strength: strength, version: version, stored: stored, deferred: deferred}
					first, second := as, as
					first.entry, second.entry = a, b
					data := lockedZIP(t, first, open, second)
					name := fmt.Sprintf("strength_%d_version_%d_stored_%v_deferred_%v", strength, version, stored, deferred)
					add(name, all, password, data)
					add(name+"_wrong_password", "in/a.log 0 partial\nin/b.log 0 partial\nin/open.log 10 \"not locked\"\n"+
						"! unreadable in: needs a password: --password (2 members encrypted; the one given does not open it)\n", "guess", data)
					add(name+"_no_directory", all+"! damage in: central directory cannot be read to its end (zip: not a valid zip file), going by the headers of the members\n",
						password, data[:bytes.LastIndex(data, []byte(zipCentralHeader))])
				}
			}
		}
	}
	add("two_passwords", "in/a.log 9 \"text of a\"\nin/b.log 0 partial\n"+
		"! unreadable in: needs a password: --password (1 member encrypted; the one given does not open it)\n", password,
		lockedZIP(t, locked{entry: a, password: password, strength: 3, version: 2}, locked{entry: b, password: "another", strength: 3, version: 2}))
	add("code_page_of_windows", "in/a.log 9 \"text of a\"\n", "Größe", lockedZIP(t, locked{entry: a, password: "Gr\xF6\xDFe"}))
	add("aes_data_turned", "in/a.log 9 partial \"text0of a\"\n! damage in/a.log: 9 of 9 bytes read: data does not match its authentication code\n", password,
		lockedZIP(t, locked{entry: a, password: password, strength: 1, version: 2, stored: true, broken: true}))
	add("traditional_data_turned", "in/a.log 0 partial\n! unreadable in: needs a password: --password (1 member encrypted; the one given does not open it)\n", password,
		lockedZIP(t, locked{entry: a, password: password, stored: true, broken: true}))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, listing(readLocked(t, tt.data, tt.password))); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEncryptedZIPCut cuts encrypted members anywhere: no panic, and nothing
// that was not in them.
func TestEncryptedZIPCut(t *testing.T) {
	b := entry{name: "b.log", data: noise(200)}
	for strength := range byte(2) {
		data := lockedZIP(t, locked{entry: b, password: "x", strength: strength, version: 2})
		for cut := 40; cut < len(data); cut++ {
			r, _, err := newReader(t.Context(), []string{"x"}, Options{Password: "x"})
			if err != nil {
				t.Fatal(err)
			}
			r.place(item{path: "in", data: data[:cut]})
			for _, f := range r.files {
				if f.Path != "in" && !strings.HasPrefix(b.data, string(f.Data)) || len(r.problems) == 0 {
					t.Errorf("strength %d, cut at %d: %s", strength, cut, listing(r.finish(nil)))
				}
			}
		}
	}
}

// lockedRAR makes a RAR 5 of an encrypted stored file and one that is open.
func lockedRAR(t testing.TB, e, open entry, password string, check bool) []byte {
	t.Helper()
	salt, iv := []byte("sixteen bytes of"), []byte("a start vector..")
	key := func(rounds int) []byte {
		k, err := pbkdf2.Key(sha256.New, password, salt, rounds, 32)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	block, err := aes.NewCipher(key(1 << 4))
	if err != nil {
		t.Fatal(err)
	}
	packed := make([]byte, (len(e.data)+15)/16*16)
	copy(packed, e.data)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(packed, packed)
	record := bytes.Join([][]byte{{1, 0, 0, 4}, salt, iv}, nil) // type, version, flags, rounds
	if check {
		record[2] = 1
		long, sum := key(1<<4+32), make([]byte, 8)
		for i, b := range long {
			sum[i%8] ^= b
		}
		whole := sha256.Sum256(sum)
		record = append(append(record, sum...), whole[:4]...)
	}
	extra := append([]byte{byte(len(record))}, record...)
	body := binary.AppendUvarint([]byte{2, 3}, uint64(len(extra)))
	body = binary.AppendUvarint(body, uint64(len(packed)))
	body = binary.AppendUvarint(append(body, 4), uint64(len(e.data))) // CRC present
	body = le.AppendUint32(append(body, 0x20), crc32.ChecksumIEEE([]byte(e.data)))
	body = append(append(append(body, 0, 0, byte(len(e.name))), e.name...), extra...)
	sized := append(binary.AppendUvarint(nil, uint64(len(body))), body...)
	plain := rarOf(open)
	const start = 8 + 4 + 1 + 3 // signature and main header
	return bytes.Join([][]byte{plain[:start], le.AppendUint32(nil, crc32.ChecksumIEEE(sized)), sized, packed, plain[start:]}, nil)
}

func TestEncryptedRAR(t *testing.T) {
	a, b := entry{name: "a.log", data: "text of a"}, entry{name: "b.log", data: "text of b"}
	const locked = "in/a.log 0 partial\nin/b.log 9 \"text of b\"\n! unreadable in: needs a password: --password (1 member encrypted"
	for _, check := range []bool{false, true} {
		data := lockedRAR(t, a, b, "open sesame", check)
		for password, want := range map[string]string{
			"open sesame": "in/a.log 9 \"text of a\"\nin/b.log 9 \"text of b\"\n",
			"":            locked + ")\n",
			"wrong":       locked + "; the one given does not open it)\n",
		} {
			if diff := cmp.Diff(want, listing(readLocked(t, data, password))); diff != "" {
				t.Errorf("check %v, password %q (-want +got):\n%s", check, password, diff)
			}
		}
	}
}
