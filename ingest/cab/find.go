package cab

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// nearStart is where Searchable looks for a cabinet behind something short.
const nearStart = 512

// Find returns the offsets of the cabinets in data, a self-extracting program
// for instance: where all of a header holds, and the first entries of both tables
// do, not only the signature. Cabinets inside one that is whole are left out.
// Open with data from the offset on reads one.
//
// Almost any file may hold a cabinet that is part of its content, as an event log
// or a memory dump do; Searchable tells where a search makes sense.
func Find(data []byte) []int64 {
	var found []int64
	for pos := 0; ; {
		i := bytes.Index(data[pos:], []byte("MSCF"))
		if i < 0 {
			return found
		}
		pos += i
		size, ok := soundHeader(data[pos:])
		if !ok {
			pos++
			continue
		}
		found = append(found, int64(pos))
		if size > len(data)-pos {
			size = headerSize // cut, or a lie that would hide others
		}
		pos += size
	}
}

// Searchable reports whether data may be a container of cabinets for Find: a
// Windows program, or a file with a sound cabinet close to its start that is no
// cabinet itself. It reads little whatever the size of data.
//
// Who reads a collection asks it only of files that are of no kind it knows.
func Searchable(data []byte) bool {
	if Is(data) {
		return false
	}
	if len(data) >= 0x40 && string(data[:2]) == "MZ" {
		pe := binary.LittleEndian.Uint32(data[0x3C:])
		return int64(pe)+4 <= int64(len(data)) && string(data[pe:pe+4]) == "PE\x00\x00"
	}
	for pos := 0; ; pos++ {
		i := bytes.Index(data[pos:min(len(data), nearStart)], []byte("MSCF"))
		if i < 0 {
			return false
		}
		pos += i
		if _, ok := soundHeader(data[pos:]); ok {
			return true
		}
	}
}

// soundHeader reports whether data start with a cabinet beyond doubt, and its
// size. Its end may be cut.
func soundHeader(data []byte) (size int, ok bool) {
	if len(data) < headerSize+folderSize+fileSize {
		return 0, false
	}
	le := binary.LittleEndian
	size, tableOfFiles := int(le.Uint32(data[8:])), int(le.Uint32(data[16:]))
	folders, files, flags := int(le.Uint16(data[26:])), int(le.Uint16(data[28:])), le.Uint16(data[30:])
	// The reserved fields are left out: some files use them.
	if string(data[:4]) != "MSCF" || data[24] != 3 || data[25] != 1 || flags&^(flagPrevious|flagNext|flagReserve) != 0 || folders == 0 || files == 0 ||
		tableOfFiles+fileSize > min(size, len(data)) {
		return 0, false
	}
	c := &Cabinet{data: data}
	pos, folderReserve, ok := c.readOptional(flags)
	if !ok || pos+folders*(folderSize+folderReserve) > tableOfFiles {
		return 0, false
	}
	name, _, ok := c.readString(tableOfFiles + fileSize)
	isText := len(name) > 0 && !strings.ContainsFunc(string(name), func(r rune) bool { return r < ' ' })
	start := int(le.Uint32(data[pos:]))
	return size, ok && isText && start >= tableOfFiles && start <= size
}
