// Package evtx decodes Windows event log files (.evtx): file header, chunks,
// records and the binary XML in them. It gives each record as a flat value:
// the fields of System, and what EventData or UserData hold as name and text
// in the order of the record. It builds no XML and no tree.
//
// It refuses to render messages: their text is not in the file. It knows
// nothing of what a provider's events mean.
//
// # The file
//
//	0      "ElfFile\0"         magic; header of 128 bytes in a block of 4096
//	40     uint16              size of that block
//	42     uint16              number of chunks, may be stale
//	120    uint32              flags: 1 dirty, 2 full, 4 no checksums
//	124    uint32              CRC-32 of bytes 0..119
//	4096   chunks of 65536 bytes
//
// A chunk starts with a header of 512 bytes:
//
//	0      "ElfChnk\0"
//	8, 16  uint64              first and last record number
//	48     uint32              free-space offset: end of the live records
//	52     uint32              CRC-32 of bytes 512..free-space offset
//	124    uint32              CRC-32 of bytes 0..119 and 128..511
//	512    records
//
// A record is "**\0\0", its size, its number (uint64), the time it was written
// (FILETIME), binary XML, and its size again.
//
// # Binary XML
//
// A record is mostly one instance of a template: the template (an element
// tree with numbered holes) stands once per chunk, the instance holds the
// values. Templates are compiled to a short program when they are first met;
// a record then only runs the program over its values. Names and literal text
// are shared over the whole file, values of a chunk stand in a few large
// blocks. Record strings are views into those blocks.
//
// # From XML to fields
//
//	<Data Name="Id">5</Data>            Id=5
//	<Data>a</Data><Data>b</Data>        Data1=a, Data2=b (position among the unnamed ones)
//	<Binary>0a0b</Binary>               Binary=0a0b
//	<X><Y>1</Y><Z/></X>                 Y=1, Z= (an element without children is a field)
//	<X Id="7"/>                         Id=7 (attributes are fields; namespaces are not)
//	<EventData Name="E">                EventData.Name=E
//	<RenderingInfo><Task>t</Task>       RenderingInfo.Task=t (children of Event other than System, EventData, UserData)
//
// An array of strings repeats its element, as Windows does when it renders
// it; other arrays are one value with its items joined by ",". Empty values
// are kept. An element whose only content is an optional substitution of a
// null value is not there ([MS-EVEN6]), unless it is a Data with a name: that
// stays as an empty field. Text:
//
//	integers        decimal                     HexInt, SizeT  0x1f, not padded, as Windows shows them
//	Boolean         true, false                 floats         shortest form
//	GUID            {UPPER-CASE} as evtxexport  SID            S-1-5-18
//	FILETIME        RFC 3339, UTC, 100 ns       SYSTEMTIME     RFC 3339, ms
//	Binary          lower-case hex              BinXml         its own fields
//
// ANSI strings are read as UTF-8 where they are valid UTF-8, else as
// Windows-1252: the file does not name its code page.
//
// # Damage
//
// Records are walked by magic and size up to the free-space offset; counts in
// headers are not believed. What is found behind it, or in a chunk whose own
// header is bad, is marked Recovered. Every limit (nesting, output, work) is
// per chunk or record, so that memory and time stay a small multiple of the
// bytes present, and a limit hit is reported.
//
// Where the knowledge comes from: [MS-EVEN6] section 2.2.12 (binary XML), the
// libevtx project's published notes on the format, and files written by
// Windows 7 to 11.
package evtx
