// Package cabw writes cabinet files (MS-CAB): one folder, MSZIP or stored,
// with checksums. Names are flat or carry backslashes as given; dates are the
// wall clock of the machine that made the cabinet, to two seconds. It does not
// write LZX, Quantum, signatures, reserved areas or split sets.
//
// The layout is that of Microsoft's "Cabinet File Format" and "MSZIP (MCI)
// Compression and Decompression" specifications.
package cabw

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Method says how the folder is compressed.
type Method uint8

const (
	// MSZIP deflates blocks of 32 KiB, each with the block before it as dictionary.
	MSZIP Method = iota
	// Stored keeps the blocks as they are.
	Stored
)

// File is one member.
type File struct {
	Name string // as the archive shall state it; non-ASCII names are marked as UTF-8
	Data []byte
	// Time is written with the clock that it shows, whatever its zone: cabinets
	// know no zone. Years before 1980 are written as 1980.
	Time time.Time
}

const (
	blockSize  = 32768
	headerSize = 36
	folderSize = 8
	fileSize   = 16
	blockHead  = 8

	attrArchive  = 0x20
	attrUTF8Name = 0x80

	maxName   = 255
	maxFolder = 0x7fff8000 // the format's own limit on the bytes of a folder
)

// Encode returns the cabinet. It returns an error if the members go beyond
// what a cabinet of one folder can hold.
func Encode(files []File, method Method) ([]byte, error) {
	if len(files) > 0xffff {
		return nil, fmt.Errorf("encoding cabinet: %d members, 65535 at most", len(files))
	}
	var total int
	var list, content bytes.Buffer
	le := binary.LittleEndian
	for _, f := range files {
		if len(f.Name) == 0 || len(f.Name) > maxName {
			return nil, fmt.Errorf("encoding cabinet: name %q has %d bytes, want 1 to %d", f.Name, len(f.Name), maxName)
		}
		attr := uint16(attrArchive)
		for _, b := range []byte(f.Name) {
			if b >= 0x80 {
				attr |= attrUTF8Name
			}
		}
		date, clock := DOSTime(f.Time)
		head := le.AppendUint32(nil, uint32(len(f.Data)))
		head = le.AppendUint32(head, uint32(total))
		head = le.AppendUint16(head, 0) // folder
		head = le.AppendUint16(head, date)
		head = le.AppendUint16(head, clock)
		head = le.AppendUint16(head, attr)
		list.Write(head)
		list.WriteString(f.Name)
		list.WriteByte(0)
		content.Write(f.Data)
		if total += len(f.Data); total > maxFolder {
			return nil, fmt.Errorf("encoding cabinet: more than %d bytes", maxFolder)
		}
	}
	blocks := encodeBlocks(content.Bytes(), method)
	out := header(len(files), list.Len(), blocks, method)
	out = append(out, list.Bytes()...)
	for _, b := range blocks {
		out = append(out, b...)
	}
	return out, nil
}

// header returns the cabinet header and its one folder.
func header(files, listSize int, blocks [][]byte, method Method) []byte {
	le := binary.LittleEndian
	data := headerSize + folderSize + listSize
	size := data
	for _, b := range blocks {
		size += len(b)
	}
	h := append(make([]byte, 0, size), "MSCF\x00\x00\x00\x00"...)
	h = le.AppendUint32(h, uint32(size))
	h = le.AppendUint32(h, 0)
	h = le.AppendUint32(h, headerSize+folderSize) // where the list of files starts
	h = le.AppendUint32(h, 0)
	h = append(h, 3, 1)       // version 1.3
	h = le.AppendUint16(h, 1) // folders
	h = le.AppendUint16(h, uint16(files))
	h = le.AppendUint16(h, 0) // flags
	h = le.AppendUint16(h, 0) // set
	h = le.AppendUint16(h, 0) // number in the set
	compression := uint16(1)
	if method == Stored {
		compression = 0
	}
	h = le.AppendUint32(h, uint32(data))
	h = le.AppendUint16(h, uint16(len(blocks)))
	return le.AppendUint16(h, compression)
}

// encodeBlocks cuts the folder into data blocks with their headers.
func encodeBlocks(content []byte, method Method) [][]byte {
	le := binary.LittleEndian
	var blocks [][]byte
	var dict []byte
	for len(content) > 0 {
		raw := content[:min(blockSize, len(content))]
		content = content[len(raw):]
		packed := raw
		if method == MSZIP {
			packed = append([]byte("CK"), deflate(raw, dict)...)
		}
		dict = raw
		b := le.AppendUint32(make([]byte, 0, blockHead+len(packed)), 0)
		b = le.AppendUint16(b, uint16(len(packed)))
		b = le.AppendUint16(b, uint16(len(raw)))
		b = append(b, packed...)
		le.PutUint32(b, checksum(b[4:8], checksum(b[8:], 0)))
		blocks = append(blocks, b)
	}
	return blocks
}

// checksum is the cabinet checksum: little-endian words XORed, the rest of
// one to three bytes taken big-endian.
func checksum(data []byte, seed uint32) uint32 {
	for ; len(data) >= 4; data = data[4:] {
		seed ^= binary.LittleEndian.Uint32(data)
	}
	var rest uint32
	for _, b := range data {
		rest = rest<<8 | uint32(b)
	}
	return seed ^ rest
}

// DOSTime packs the clock that t shows into MS-DOS date and time, as cabinets
// and ZIP archives keep them.
func DOSTime(t time.Time) (date, clock uint16) {
	if t.Year() < 1980 {
		return 1<<5 | 1, 0
	}
	date = uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day())
	clock = uint16(t.Hour())<<11 | uint16(t.Minute())<<5 | uint16(t.Second()/2)
	return date, clock
}
