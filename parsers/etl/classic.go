package etl

// system reads an event of the kernel or of the trace itself. Its header:
//
//	4   uint16  size                8   uint32  thread
//	6   uint8   type                12  uint32  process
//	7   uint8   group               16  int64   time
func (d *decoder) system(b []byte) {
	r := &d.rec
	r.Kind = System
	r.ID = uint32(le.Uint16(b[6:]))
	r.Version = b[0]
	r.Opcode = b[6]
	r.Thread, r.Process = le.Uint32(b[8:]), le.Uint32(b[12:])
	r.Time = d.time(int64(le.Uint64(b[16:])))
	head := systemHeader
	if b[2] == typeCompact32 || b[2] == typeCompact64 {
		head = 24
	}
	r.Payload = b[head:]
	if !d.wanted() {
		return
	}
	if r.ID == 0 && head == systemHeader {
		// TRACE_LOGFILE_HEADER: Decode has read the one that counts.
		r.Known = true
		r.Name = "EventTrace/Header"
		d.add("Logger", d.h.Logger)
		d.add("File", d.h.File)
	}
	d.give()
}

// perfInfo reads the compact header of frequent kernel events:
//
//	4  uint16  size    6  uint16  hook    8  int64  time
func (d *decoder) perfInfo(b []byte) {
	r := &d.rec
	r.Kind = System
	r.ID = uint32(le.Uint16(b[6:]))
	r.Version = b[0]
	r.Opcode = b[6]
	r.Time = d.time(int64(le.Uint64(b[8:])))
	r.Payload = b[16:]
	if d.wanted() {
		d.give()
	}
}

// classic reads EVENT_TRACE_HEADER:
//
//	4   uint8   type        8   uint32  thread      24  GUID  class
//	5   uint8   level       12  uint32  process     40  CPU times
//	6   uint16  version     16  int64   time
//
// or EVENT_INSTANCE_HEADER, which has the registration's handle, the ids of
// the instance and its parent there.
func (d *decoder) classic(b []byte) {
	r := &d.rec
	r.Kind = Classic
	r.Opcode, r.ID = b[4], uint32(b[4])
	r.Level = b[5]
	r.Version = b[6]
	r.Thread, r.Process = le.Uint32(b[8:]), le.Uint32(b[12:])
	r.Time = d.time(int64(le.Uint64(b[16:])))
	if b[2] == typeInstance32 || b[2] == typeInstance64 {
		r.Payload = b[56:]
	} else {
		r.Provider = GUID(b[24:40])
		r.Payload = b[48:]
	}
	if d.squeezed {
		d.learn(b)
	}
	d.lookup()
	if d.wanted() {
		d.give()
	}
}

// Flags of a WPP message: which parts follow its number.
const (
	msgSequence  = 0x01
	msgGUID      = 0x02
	msgComponent = 0x04
	msgTime      = 0x08
	msgCounter   = 0x10
	msgSystem    = 0x20
)

// message reads a WPP message:
//
//	0  uint16  size    4  uint16  number    6  uint16  flags
func (d *decoder) message(b []byte) {
	r := &d.rec
	r.Kind = Message
	r.ID = uint32(le.Uint16(b[4:]))
	flags := le.Uint16(b[6:])
	p := b[8:]
	take := func(on bool, n int) []byte {
		if !on || len(p) < n {
			return nil
		}
		part := p[:n]
		p = p[n:]
		return part
	}
	take(flags&msgSequence != 0, 4)
	switch {
	case flags&msgGUID != 0:
		if g := take(true, 16); g != nil {
			r.Provider = GUID(g)
		}
	case flags&msgComponent != 0:
		take(true, 4)
	}
	if t := take(flags&(msgTime|msgCounter) != 0, 8); t != nil {
		r.Time = d.time(int64(le.Uint64(t)))
	}
	if s := take(flags&msgSystem != 0, 8); s != nil {
		r.Thread, r.Process = le.Uint32(s), le.Uint32(s[4:])
	}
	r.Payload = p
	if d.wanted() {
		d.give()
	}
}
