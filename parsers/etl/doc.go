// Package etl decodes Windows event trace logs (.etl): buffers, compressed ones
// too, the event headers in them, the time base, and the payload of events as
// far as it describes itself (TraceLogging) or stands in the embedded table of
// field lists (manifest-based providers of enrolment). Every other event is
// given with provider, id, time and its raw bytes.
//
// It renders no messages and knows nothing of what a provider's events mean.
//
// # The file
//
// A trace is a row of buffers. Each starts with WMI_BUFFER_HEADER, 72 bytes:
//
//	0      uint32    size of the buffer in the file
//	4, 48  uint32    bytes of it in use, header included; of a compressed buffer: once expanded
//	16     int64     time stamp
//	24     int64     sequence number
//	40     uint8     processor, or uint16 if flag 0x20
//	44     uint32    state; of the first buffer of a compressed trace: the format (2 LZNT1, 3 XPRESS)
//	52     uint16    flags: 2 events lost, 4 buffer lost, 0x40 compressed
//	54     uint16    type: 0 generic, 4 header …
//
// Events follow, each on a multiple of 8 bytes. The first four bytes tell what
// header an event has: the fourth holds 0x80 (a header), 0x40 (an event) or 0x10
// (a message); the third the type:
//
//	1, 2         SYSTEM_TRACE_HEADER     32 bytes: uint16 size at 4, uint16 hook, thread, process, time, CPU times
//	3, 4         the same without CPU times, 24 bytes
//	0x10, 0x11   PERFINFO_TRACE_HEADER   16 bytes: size, hook, time
//	0x0a, 0x14   EVENT_TRACE_HEADER      48 bytes: uint16 size at 0, class (type, level, version), thread, process, time, GUID
//	0x0b, 0x15   EVENT_INSTANCE_HEADER   56 bytes: as before, GUID by registration handle
//	0x12, 0x13   EVENT_HEADER            80 bytes: size, flags, thread, process, time, provider, descriptor, activity
//
// The first type of a pair is of 32-bit systems, the second of 64-bit ones. A
// message (WPP) has its size, number and flags, and then
// what the flags say: sequence, GUID, time, thread and process.
//
// The first event is TRACE_LOGFILE_HEADER, and its time stamp is the start of
// the trace on the trace's own clock:
//
//	0    uint32   size of a buffer          72   TIME_ZONE_INFORMATION (64-bit layout)
//	12   uint32   processors                248  int64   boot time, FILETIME
//	16   int64    end, FILETIME             256  int64   ticks a second of the clock
//	32   uint32   mode                      264  int64   start, FILETIME
//	36   uint32   buffers written; 0 = open 272  uint32  clock: 1 performance counter, 2 FILETIME, 3 CPU cycles
//	44   uint32   pointer size              276  uint32  buffers lost
//	48   uint32   events lost               280  names of logger and file, UTF-16
//
// # Fields
//
// TraceLogging events carry a description: name of the event and of each field
// with its type, in an extended item of the header. Manifest-based events are
// described by records that tools which merge traces add to them, or by
// fields.tsv. Values read as those of event logs do:
//
//	integers  decimal      hex types  0x1f       GUID  {UPPER-CASE}   SID   S-1-5-18
//	Boolean   true, false  FILETIME   RFC 3339   binary  lower-case hex
//
// A member of a structure has the name "outer.inner"; of an array of
// structures "outer[0].inner". Other arrays are one value with its items
// joined by ",". A field that the payload has no bytes for is not there, and
// the record is marked Partial; bytes behind the last field are kept in a
// field named "Rest".
//
// # Damage
//
// No size in a file is believed. A buffer whose header is wrong is reported
// and the next one is looked for at the trace's buffer size; an event whose
// size is wrong ends its buffer, and what is lost of it is reported.
//
// Where the knowledge comes from: evntrace.h, evntcons.h and
// TraceLoggingProvider.h of the Windows SDK, [MS-XCA] (compression), Geoff
// Chappell's notes on WMI_BUFFER_HEADER, and traces of Windows 10 and 11.
package etl
