package ingest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"github.com/bodgit/sevenzip"
	"github.com/ulikunitz/xz/lzma"

	"debrief/event"
)

// expand7z reads a 7z whose header was found harmless.
func (r *reader) expand7z(a *archive) {
	encrypted, err := check7z(a, r.limits.Files, r.opts.Password)
	if err != nil {
		kind := event.Damage
		switch {
		case errors.Is(err, errLocked):
			a.locked.list = true
			return
		case isLimit(err):
			kind = event.Limit
		case errors.Is(err, err7zMethod):
			kind = event.Unreadable
		}
		r.archiveProblem(a, kind, fmt.Sprintf("7z header: %v", err))
		return
	}
	g := r.newGuard()
	defer g.end()
	in, err := guarded(g, func() (*sevenzip.Reader, error) {
		return sevenzip.NewReaderWithPassword(g.input(a), a.size, r.opts.Password)
	})
	if err != nil {
		r.extractorProblem(a, format7z, err)
		return
	}
	for _, f := range in.File {
		mode := f.FileInfo().Mode()
		if r.ctx.Err() != nil {
			return
		}
		if mode.IsDir() || r.special(a, f.Name, mode) {
			continue
		}
		locked := f.Stream < len(encrypted) && encrypted[f.Stream] && f.UncompressedSize > 0
		m := r.member7z(a, g, f, locked)
		if !r.take(a, m) || r.ends(a, m.reason) {
			return
		}
	}
}

func (r *reader) member7z(a *archive, g *guard, f *sevenzip.File, locked bool) member {
	m := member{name: f.Name, modTime: dated(f.Modified), kind: event.Damage, size: int64(min(f.UncompressedSize, 1<<62))}
	if locked && r.opts.Password == "" {
		m.reason = errLocked
		return m
	}
	in, err := guarded(g, f.Open)
	sum := crc32.NewIEEE()
	if err == nil {
		m.data, m.disk, err = r.readAll(a, io.TeeReader(g.reader(in), sum), m.size, a.size, r.limits.FileBytes)
		guarded(g, func() (any, error) { return nil, in.Close() })
	}
	wrong := err == nil && f.CRC32 != 0 && f.CRC32 != sum.Sum32()
	switch {
	case locked && (wrong || err != nil && !isLimit(err)):
		// Only what comes out tells a wrong password.
		r.refund(a, m.got())
		m.disk.remove()
		m.data, m.disk, err = nil, nil, errLocked
	case wrong:
		r.archiveProblem(a, event.Remark, fmt.Sprintf("CRC of member %s is wrong", quoteShort(m.name)))
	}
	m.reason = err
	return m
}

// encoded unpacks a packed header.
func (h *header7z) encoded(a *archive, password string) ([]byte, error) {
	h.streams()
	if h.err != nil {
		return nil, h.err
	}
	if len(h.coders) == 0 || len(h.coders) > 2 || len(h.unpacked) != len(h.coders) || max(h.unpacked[0], h.unpacked[len(h.unpacked)-1]) > max7zHeader {
		return nil, fmt.Errorf("header packed by several methods: %w", err7zMethod)
	}
	rest := uint64(a.size - start7z)
	if h.packAt > rest || h.packSize > rest-h.packAt || h.packSize > max7zHeader {
		return nil, fmt.Errorf("packed header lies behind the end of the file: %w", io.ErrUnexpectedEOF)
	}
	b := a.at(start7z+int64(h.packAt), int(h.packSize))
	order := []int{0}
	if len(h.coders) == 2 { // decryption comes first, wherever it is listed
		order = []int{0, 1}
		if h.coders[1].method == method7zAES {
			order = []int{1, 0}
		}
	}
	for _, i := range order {
		var err error
		if b, err = h.coders[i].decode(b, h.unpacked[i], password); err != nil {
			if h.coders[order[0]].method == method7zAES {
				err = errLocked
			}
			return nil, err
		}
	}
	return b, nil
}

// decode undoes one coder of a packed header.
func (c coder7z) decode(packed []byte, size uint64, password string) ([]byte, error) {
	switch c.method {
	case method7zCopy:
		return packed, nil
	case method7zAES:
		return c.decrypt(packed, size, password)
	case method7zLZMA:
		head := le.AppendUint64(bytes.Clone(c.props), size)
		in, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(packed)))
		if err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
		return readHeader7z(in)
	case method7zLZMA2:
		// The dictionary need not be larger than what comes out.
		in, err := lzma.Reader2Config{DictCap: int(max(lzma.MinDictCap, size))}.NewReader2(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
		return readHeader7z(in)
	}
	return nil, fmt.Errorf("packed by method %x: %w", c.method, err7zMethod)
}

func readHeader7z(in io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(in, max7zHeader))
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return b, nil
}

// decrypt undoes 7z's AES-256 in CBC mode. The properties say how often the
// password is hashed and hold salt and start vector; the lengths of both are
// spread over two bytes.
func (c coder7z) decrypt(b []byte, size uint64, password string) ([]byte, error) {
	if password == "" {
		return nil, errLocked
	}
	if len(c.props) < 2 || len(b)%aes.BlockSize != 0 || size > uint64(len(b)) {
		return nil, err7zForm
	}
	salt, iv := int(c.props[0]>>7+c.props[1]>>4), int(c.props[0]>>6&1+c.props[1]&15)
	if len(c.props) != 2+salt+iv || iv > aes.BlockSize {
		return nil, err7zForm
	}
	block, err := aes.NewCipher(key7z(password, c.props[2:2+salt], uint64(1)<<(c.props[0]&0x3F)))
	if err != nil {
		return nil, err
	}
	var start [aes.BlockSize]byte
	copy(start[:], c.props[2+salt:])
	plain := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, start[:]).CryptBlocks(plain, b)
	return plain[:size], nil
}

// key7z hashes salt, password in UTF-16 and a counter of 8 bytes, again and
// again.
func key7z(password string, salt []byte, rounds uint64) []byte {
	piece := append([]byte(nil), salt...)
	for _, u := range utf16.Encode([]rune(password)) {
		piece = le.AppendUint16(piece, u)
	}
	counter := len(piece)
	piece = append(piece, make([]byte, 8)...)
	sum := sha256.New()
	for i := range rounds {
		le.PutUint64(piece[counter:], i)
		sum.Write(piece)
	}
	return sum.Sum(nil)
}
