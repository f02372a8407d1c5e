package parsers

import (
	"encoding/binary"
	"path"
	"strings"

	"debrief/event"
)

// etlParser recognises event trace logs, *.etl and its rotated names, by the
// header of their first buffer (WMI_BUFFER_HEADER: the buffer's size in the
// first four bytes, a system header of version 2 behind its 72 bytes). It does
// not decode them and says so.
func etlParser() Parser {
	return Parser{
		Name:    "etl",
		Doc:     "event trace logs: recognised, not decoded",
		Version: "1",
		Match: func(in *Input) bool {
			name := strings.ToLower(path.Base(in.Path))
			return len(in.Data) > 0 && (strings.HasSuffix(name, ".etl") || strings.Contains(name, ".etl.") || isTrace(in.Data))
		},
		Parse: func(in *Input, out *Output) error {
			out.Problem(event.Remark, event.Pos{File: in.Path}, "event traces are not decoded")
			out.Coverage.Status = event.Unknown
			return nil
		},
	}
}

func isTrace(data []byte) bool {
	if len(data) < 0x68 {
		return false
	}
	size := binary.LittleEndian.Uint32(data)
	// SYSTEM_TRACE_HEADER: Version 2, HeaderType 1 or 2, Flags 0xC0, then the
	// trace header's own size and the hook id 0 of its first record.
	return size >= 1024 && size <= 16<<20 && size%1024 == 0 &&
		binary.LittleEndian.Uint16(data[0x48:]) == 2 && (data[0x4a] == 1 || data[0x4a] == 2) && data[0x4b] == 0xC0
}
