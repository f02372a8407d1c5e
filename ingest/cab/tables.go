package cab

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"debrief/event"
)

const (
	headerSize = 36
	folderSize = 8
	fileSize   = 16 // without the name
	maxString  = 256

	flagPrevious = 1
	flagNext     = 2
	flagReserve  = 4

	// Folder numbers with a meaning of their own.
	folderFromPrevious = 0xFFFD
	folderToNext       = 0xFFFE
	folderBoth         = 0xFFFF
)

// readTables reads the header and both tables as far as they are there.
func (c *Cabinet) readTables() {
	d := c.data
	if len(d) < headerSize {
		c.problem(event.Damage, 0, fmt.Sprintf("cabinet is cut inside its header: %d of %d bytes", len(d), headerSize))
		return
	}
	size := int64(binary.LittleEndian.Uint32(d[8:]))
	tableOfFiles := int(binary.LittleEndian.Uint32(d[16:]))
	folders := int(binary.LittleEndian.Uint16(d[26:]))
	files := int(binary.LittleEndian.Uint16(d[28:]))
	flags := binary.LittleEndian.Uint16(d[30:])
	c.Set = binary.LittleEndian.Uint16(d[32:])
	c.Index = binary.LittleEndian.Uint16(d[34:])
	if d[24] != 3 || d[25] != 1 {
		c.problem(event.Remark, 24, fmt.Sprintf("cabinet version %d.%d, only 1.3 is known", d[25], d[24]))
	}
	if int64(len(d)) < size {
		c.problem(event.Damage, 8, fmt.Sprintf("cabinet is cut: %d of %d bytes are there", len(d), size))
	}
	if folders == 0 || files == 0 {
		c.problem(event.Damage, 26, fmt.Sprintf("cabinet declares %d folders and %d files", folders, files))
	}
	pos, folderReserve, ok := c.readOptional(flags)
	if !ok {
		c.problem(event.Damage, pos, "cabinet is cut inside its header")
		return
	}
	pos = c.readFolders(pos, folders, folderReserve)
	// The table of files follows the folders in every sound cabinet seen, and
	// some readers look for it nowhere else; the declared place counts unless it
	// cannot be true. Entries may be hidden in between.
	switch {
	case tableOfFiles == pos || files == 0:
	case tableOfFiles > pos && tableOfFiles < len(d):
		if hidden := c.readGap(pos, tableOfFiles, files); hidden > 0 {
			c.problem(event.Remark, pos, fmt.Sprintf("table of files declared at %d, but entries (%d) stand before it; both are read", tableOfFiles, hidden))
		} else {
			c.problem(event.Remark, pos, fmt.Sprintf("%d bytes between the folders and the table of files are not read", tableOfFiles-pos))
		}
		pos = tableOfFiles
	default:
		c.problem(event.Remark, 16, fmt.Sprintf("table of files declared at %d, which cannot be; read at %d", tableOfFiles, pos))
	}
	c.readFiles(pos, files)
}

// readOptional reads the parts of the header that its flags announce and
// returns where the table of folders starts and the reserved bytes after each
// of its entries.
func (c *Cabinet) readOptional(flags uint16) (pos, folderReserve int, ok bool) {
	pos = headerSize
	if flags&flagReserve != 0 {
		if len(c.data) < pos+4 {
			return pos, 0, false
		}
		header := int(binary.LittleEndian.Uint16(c.data[pos:]))
		folderReserve, c.dataReserve = int(c.data[pos+2]), int(c.data[pos+3])
		pos += 4 + header
	}
	var links []*string
	c.hasPrevious, c.hasNext = flags&flagPrevious != 0, flags&flagNext != 0
	if c.hasPrevious {
		links = append(links, &c.Previous.Cabinet, &c.Previous.Disk)
	}
	if c.hasNext {
		links = append(links, &c.Next.Cabinet, &c.Next.Disk)
	}
	for _, l := range links {
		raw, next, ok := c.readString(pos)
		if !ok {
			return pos, folderReserve, false
		}
		*l, pos = decodeName(raw), next
	}
	return pos, folderReserve, pos <= len(c.data)
}

// readString reads a NUL-terminated string at pos.
func (c *Cabinet) readString(pos int) (raw []byte, next int, ok bool) {
	if pos > len(c.data) {
		return nil, pos, false
	}
	rest := c.data[pos:min(len(c.data), pos+maxString)]
	n := bytes.IndexByte(rest, 0)
	if n < 0 {
		return nil, pos, false
	}
	return rest[:n], pos + n + 1, true
}

func (c *Cabinet) readFolders(pos, count, reserve int) int {
	for i := range count {
		if len(c.data)-pos < folderSize {
			c.problem(event.Damage, pos, fmt.Sprintf("table of folders is cut after %d of %d", i, count))
			return pos
		}
		d := c.data[pos:]
		kind := binary.LittleEndian.Uint16(d[6:])
		c.Folders = append(c.Folders, Folder{
			Offset: int64(binary.LittleEndian.Uint32(d)),
			Blocks: int(binary.LittleEndian.Uint16(d[4:])),
			Method: Method(kind & 0xF),
			Window: int(kind >> 8 & 0x1F),
		})
		pos += folderSize + reserve
	}
	return pos
}

func (c *Cabinet) readFiles(pos, count int) {
	for i := range count {
		if len(c.data)-pos < fileSize {
			c.problem(event.Damage, min(pos, len(c.data)), fmt.Sprintf("table of files is cut after %d of %d", i, count))
			return
		}
		raw, next, ok := c.readString(pos + fileSize)
		if !ok {
			c.problem(event.Damage, pos, fmt.Sprintf("table of files: name of entry %d of %d has no end", i+1, count))
			return
		}
		c.Members = append(c.Members, c.member(pos, raw))
		pos = next
	}
}

// readGap reads the bytes from pos to end as count entries at most, if they are
// that and nothing else, and returns their number.
func (c *Cabinet) readGap(pos, end, count int) int {
	type entry struct {
		pos int
		raw []byte
	}
	var entries []entry
	for pos < end {
		raw, next, ok := c.readString(pos + fileSize)
		if !ok || next > end || len(raw) == 0 || len(entries) == count {
			return 0
		}
		folder := int(binary.LittleEndian.Uint16(c.data[pos+8:]))
		if folder >= len(c.Folders) && folder < folderFromPrevious {
			return 0
		}
		entries = append(entries, entry{pos, raw})
		pos = next
	}
	for _, e := range entries {
		c.Members = append(c.Members, c.member(e.pos, e.raw))
	}
	return len(entries)
}

// member reads the table entry at pos, which is known to be whole.
func (c *Cabinet) member(pos int, rawName []byte) Member {
	d := c.data[pos:]
	m := Member{
		Size:       int64(binary.LittleEndian.Uint32(d)),
		Offset:     int64(binary.LittleEndian.Uint32(d[4:])),
		Folder:     int(binary.LittleEndian.Uint16(d[8:])),
		ModTime:    dosTime(binary.LittleEndian.Uint16(d[10:]), binary.LittleEndian.Uint16(d[12:])),
		Attributes: binary.LittleEndian.Uint16(d[14:]),
		Pos:        int64(pos),
	}
	m.Name = decodeName(rawName)
	if m.Name == "" {
		c.problem(event.Remark, pos, "entry has no name")
	}
	switch m.Folder {
	case folderFromPrevious:
		m.Folder, m.FromPrevious = 0, true
	case folderToNext:
		m.Folder, m.ToNext = len(c.Folders)-1, true
	case folderBoth:
		m.Folder, m.FromPrevious, m.ToNext = 0, true, true
	}
	if m.Folder >= len(c.Folders) {
		c.problem(event.Damage, pos, fmt.Sprintf("entry %q names folder %d of %d", m.Name, m.Folder, len(c.Folders)))
		m.Folder = -1
	}
	return m
}

// decodeName decodes a name. The attribute marks names in UTF-8, but some
// writers use UTF-8 and do not mark it, so what is valid UTF-8 is taken for it:
// letters of a code page hardly ever are. All other names are in the code page of
// the machine that wrote the cabinet, which the cabinet does not tell: they are
// read as Windows-1252, so names of another code page come with wrong letters,
// but distinct ones. (cabextract writes such names byte for byte, unless told a
// code page, and replaces what is wrong in marked ones by U+FFFD.)
func decodeName(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return string(bytes.ToValidUTF8(raw, []byte("\uFFFD")))
	}
	return string(s)
}

// dosTime reads a DOS date and time; the zero time stands for one that does
// not exist.
func dosTime(date, clock uint16) time.Time {
	year, month, day := 1980+int(date>>9), time.Month(date>>5&15), int(date&31)
	hour, minute, second := int(clock>>11), int(clock>>5&63), int(clock&31)*2
	t := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if t.Month() != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return time.Time{}
	}
	return t
}
