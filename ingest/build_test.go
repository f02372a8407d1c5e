package ingest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archives"
	"github.com/ulikunitz/xz/lzma"
)

var testTime = time.Date(2025, 3, 4, 5, 6, 8, 0, time.UTC)

// entry is one member of a test archive.
type entry struct {
	name string
	data string
	mode fs.FileMode
	link string // of tar
}

func zipOf(t testing.TB, method uint16, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: method, Modified: testTime}
		h.SetMode(0o644 | e.mode)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(f, e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.data)), Mode: 0o644, ModTime: testTime, Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeLink, e.link
		}
		if e.mode&fs.ModeSymlink != 0 {
			h.Typeflag = tar.TypeSymlink
		}
		if e.mode&fs.ModeDevice != 0 {
			h.Typeflag = tar.TypeBlock
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed compresses data as a single stream.
func packed(t testing.TB, kind format, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case formatGzip:
		w = gzip.NewWriter(&b)
	case formatZstd:
		w, err = zstd.NewWriter(&b)
	case formatXZ:
		w, err = archives.Xz{}.OpenWriter(&b)
	default:
		w, err = archives.Bz2{}.OpenWriter(&b)
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cabOf makes a cabinet of one stored folder.
func cabOf(entries ...entry) []byte {
	le := binary.LittleEndian
	var files, data, stream []byte
	for _, e := range entries {
		files = le.AppendUint32(files, uint32(len(e.data)))
		files = le.AppendUint32(files, uint32(len(stream)))
		files = append(files, 0, 0, 0x64, 0x5A, 0xC4, 0x28, 0x20, 0) // folder 0, 2025-03-04 05:06:08
		files = append(append(files, e.name...), 0)
		stream = append(stream, e.data...)
	}
	blocks := 0
	for ; len(stream) > 0 || blocks == 0; blocks++ {
		part := stream[:min(len(stream), 32768)]
		stream = stream[len(part):]
		data = append(data, 0, 0, 0, 0)
		data = le.AppendUint16(data, uint16(len(part)))
		data = le.AppendUint16(data, uint16(len(part)))
		data = append(data, part...)
	}
	head := make([]byte, 44)
	copy(head, "MSCF")
	le.PutUint32(head[8:], uint32(len(head)+len(files)+len(data)))
	le.PutUint32(head[16:], uint32(len(head)))
	head[24], head[25] = 3, 1
	le.PutUint16(head[26:], 1)
	le.PutUint16(head[28:], uint16(len(entries)))
	le.PutUint32(head[36:], uint32(len(head)+len(files)))
	le.PutUint16(head[40:], uint16(blocks))
	return bytes.Join([][]byte{head, files, data}, nil)
}

// number7z writes a 7z number in its longest form.
func number7z(n uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{0xFF}, n) }

// sevenZipOf makes a 7z of copied files, one folder.
func sevenZipOf(entries ...entry) []byte { return sevenZipWith(header7zOf(entries)) }

// packed7z makes the same with its header packed by LZMA.
func packed7z(t testing.TB, stream, header []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := lzma.WriterConfig{SizeInHeader: true, Size: int64(len(header)), DictCap: 1 << 16}.NewWriter(&b)
	if err == nil {
		_, err = w.Write(header)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	props, packed := b.Bytes()[:5], b.Bytes()[13:]
	h := append([]byte{id7zEncodedHeader, id7zPack}, number7z(uint64(len(stream)))...)
	h = append(append(append(h, 1, id7zSize), number7z(uint64(len(packed)))...), id7zEnd)
	h = append(append(h, id7zUnpack, id7zFolder, 1, 0, 1, 0x23, 3, 1, 1, 5), props...)
	h = append(append(append(h, id7zUnpackSize), number7z(uint64(len(header)))...), id7zEnd, id7zEnd)
	return sevenZipWith(append(bytes.Clone(stream), packed...), h)
}

// header7zOf gives the packed streams and the header.
func header7zOf(entries []entry) (stream, header []byte) {
	le := binary.LittleEndian
	var names, sizes, sums []byte
	for i, e := range entries {
		stream = append(stream, e.data...)
		for _, r := range e.name {
			names = le.AppendUint16(names, uint16(r))
		}
		names = append(names, 0, 0)
		if i < len(entries)-1 {
			sizes = append(sizes, number7z(uint64(len(e.data)))...)
		}
		sums = le.AppendUint32(sums, crc32.ChecksumIEEE([]byte(e.data)))
	}
	h := []byte{id7zHeader, id7zMainStreams, id7zPack, 0, 1, id7zSize}
	h = append(append(h, number7z(uint64(len(stream)))...), id7zEnd)
	h = append(h, id7zUnpack, id7zFolder, 1, 0, 1, 1, 0, id7zUnpackSize)
	h = append(append(h, number7z(uint64(len(stream)))...), id7zEnd)
	h = append(h, id7zSubStreams, id7zStreamCount, byte(len(entries)), id7zSize)
	h = append(append(h, sizes...), id7zCRC, 1)
	h = append(append(h, sums...), id7zEnd, id7zEnd)
	h = append(h, id7zFiles, byte(len(entries)), 0x11)
	h = append(append(h, number7z(uint64(len(names)+1))...), 0)
	h = append(append(h, names...), id7zEnd, id7zEnd)
	return stream, h
}

// sevenZipWith puts a header behind packed streams.
func sevenZipWith(stream, header []byte) []byte {
	le := binary.LittleEndian
	start := le.AppendUint64(nil, uint64(len(stream)))
	start = le.AppendUint64(start, uint64(len(header)))
	start = le.AppendUint32(start, crc32.ChecksumIEEE(header))
	b := le.AppendUint32([]byte("7z\xBC\xAF\x27\x1C\x00\x04"), crc32.ChecksumIEEE(start))
	return bytes.Join([][]byte{b, start, stream, header}, nil)
}

// rarOf makes a RAR 5 of stored files.
func rarOf(entries ...entry) []byte {
	le := binary.LittleEndian
	block := func(body []byte) []byte {
		sized := append(binary.AppendUvarint(nil, uint64(len(body))), body...)
		return append(le.AppendUint32(nil, crc32.ChecksumIEEE(sized)), sized...)
	}
	b := append([]byte("Rar!\x1A\x07\x01\x00"), block([]byte{1, 0, 0})...)
	for _, e := range entries {
		body := []byte{2, 2} // file header with data
		body = binary.AppendUvarint(body, uint64(len(e.data)))
		body = append(body, 6) // time and CRC present
		body = binary.AppendUvarint(body, uint64(len(e.data)))
		body = binary.AppendUvarint(body, 0x20)
		body = le.AppendUint32(body, uint32(testTime.Unix()))
		body = le.AppendUint32(body, crc32.ChecksumIEEE([]byte(e.data)))
		body = append(body, 0, 0) // stored, made on Windows
		body = binary.AppendUvarint(body, uint64(len(e.name)))
		b = append(append(b, block(append(body, e.name...))...), e.data...)
	}
	return append(b, block([]byte{5, 0, 0})...)
}

// contentOf returns the content of a file of the case, wherever it is.
func contentOf(t testing.TB, c *Case, f File) []byte {
	t.Helper()
	f = c.Original(f)
	if !f.OnDisk() {
		return f.Data
	}
	in, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(io.NewSectionReader(in, 0, f.Size))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read is Read of a case that is closed when the test ends.
func read(t testing.TB, paths []string, opts Options) (*Case, error) {
	t.Helper()
	c, err := Read(t.Context(), paths, opts)
	if c != nil {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return c, err
}
