package ingest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

// decrypt opens the data of an encrypted entry. What authentic says counts when
// all of it was read.
func (r *reader) decrypt(e *zipEntry, raw *io.SectionReader) (in io.Reader, authentic func() error, err error) {
	if r.opts.Password == "" {
		return nil, nil, errLocked
	}
	if e.aes.strength != 0 {
		return r.decryptAES(e, raw)
	}
	in, err = r.decryptTraditional(e, raw)
	return in, func() error { return nil }, err
}

// zipCrypto is the traditional cipher of PKWARE: three words that the password
// and then every byte of the plain text stir.
type zipCrypto [3]uint32

func newZipCrypto(password []byte) zipCrypto {
	k := zipCrypto{0x12345678, 0x23456789, 0x34567890}
	for _, b := range password {
		k.stir(b)
	}
	return k
}

func (k *zipCrypto) stir(plain byte) {
	k[0] = crc32.IEEETable[byte(k[0])^plain] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xFF)*134775813 + 1
	k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

// mask is what the next byte is hidden by.
func (k *zipCrypto) mask() byte {
	t := k[2] | 2
	return byte(t * (t ^ 1) >> 8)
}

func (k *zipCrypto) decrypt(b []byte) {
	for i := range b {
		b[i] ^= k.mask()
		k.stir(b[i])
	}
}

const zipCryptoHeader = 12

// decryptTraditional tries the password on the 12 random bytes in front of the
// data, of which the last is a check: the top of the CRC, or where that was not
// known yet, of the time.
func (r *reader) decryptTraditional(e *zipEntry, raw io.Reader) (io.Reader, error) {
	var header [zipCryptoHeader]byte
	if _, err := io.ReadFull(raw, header[:]); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	for _, password := range r.passwords() {
		k, plain := newZipCrypto(password), header
		k.decrypt(plain[:])
		check := plain[zipCryptoHeader-1]
		if check == byte(e.crc>>24) || e.flags&zipDeferred != 0 && check == byte(e.clock>>8) {
			return &zipCryptoReader{k, raw}, nil
		}
	}
	return nil, errLocked
}

type zipCryptoReader struct {
	k  zipCrypto
	in io.Reader
}

func (r *zipCryptoReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.k.decrypt(p[:n])
	return n, err
}

const (
	aesRounds   = 1000 // of PBKDF2 with HMAC-SHA1
	aesVerifier = 2
	aesMAC      = 10 // bytes of the HMAC-SHA1 that are kept
)

var errForged = errors.New("data does not match its authentication code")

// decryptAES opens data by WinZip AES: salt, password verifier, data in counter
// mode, first bytes of a MAC over the encrypted data.
func (r *reader) decryptAES(e *zipEntry, raw *io.SectionReader) (io.Reader, func() error, error) {
	keyBytes := 8 + 8*int(e.aes.strength)
	saltBytes := int64(keyBytes / 2)
	data := raw.Size() - saltBytes - aesVerifier - aesMAC
	head := make([]byte, saltBytes+aesVerifier)
	if _, err := io.ReadFull(raw, head); err != nil || data < 0 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	for _, password := range r.passwords() {
		keys, err := pbkdf2.Key(sha1.New, string(password), head[:saltBytes], aesRounds, 2*keyBytes+aesVerifier)
		if err != nil {
			return nil, nil, err
		}
		if subtle.ConstantTimeCompare(keys[2*keyBytes:], head[saltBytes:]) == 0 {
			continue
		}
		block, err := aes.NewCipher(keys[:keyBytes])
		if err != nil {
			return nil, nil, err
		}
		in := &aesReader{in: io.LimitReader(raw, data), block: block, mac: hmac.New(sha1.New, keys[keyBytes:2*keyBytes])}
		return in, func() error { return in.authentic(raw) }, nil
	}
	return nil, nil, errLocked
}

// aesReader decrypts in counter mode with a counter that starts at 1 and has
// its lowest byte first, which crypto/cipher does not offer.
type aesReader struct {
	in    io.Reader
	block cipher.Block
	mac   hash.Hash
	count [aes.BlockSize]byte
	mask  [aes.BlockSize]byte
	used  int // bytes of mask; 0 = a new one is due
}

func (r *aesReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.mac.Write(p[:n])
	for b := p[:n]; len(b) > 0; {
		if r.used == 0 {
			for i := range r.count {
				if r.count[i]++; r.count[i] != 0 {
					break
				}
			}
			r.block.Encrypt(r.mask[:], r.count[:])
		}
		done := subtle.XORBytes(b, b, r.mask[r.used:])
		r.used = (r.used + done) % aes.BlockSize
		b = b[done:]
	}
	return n, err
}

// authentic reads what the decoder left of the data and compares the MAC.
func (r *aesReader) authentic(raw io.Reader) error {
	var want [aesMAC]byte
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if _, err := io.ReadFull(raw, want[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	if !hmac.Equal(r.mac.Sum(nil)[:aesMAC], want[:]) {
		return errForged
	}
	return nil
}
