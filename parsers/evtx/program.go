package evtx

// place says where in an event an element stands, and so what it means.
type place uint8

const (
	placeRoot   place = iota // beside <Event>: the document
	placeEvent               // <Event>
	placeSystem              // <System>
	placeSlot                // an element in <System>
	placeData                // <EventData>, <UserData> and all below
	placeOther               // <RenderingInfo> and other children of <Event>
	placeIgnore              // below an element in <System>
)

// slot is a property in <System>.
type slot uint8

const (
	slotNone slot = iota
	slotProvider
	slotGUID
	slotSource
	slotEventID
	slotQualifiers
	slotVersion
	slotLevel
	slotTask
	slotOpcode
	slotKeywords
	slotTime
	slotRecordID
	slotActivity
	slotRelated
	slotProcess
	slotThread
	slotChannel
	slotComputer
	slotUser
	slotCount
)

// slotOf maps an element in <System>, and an attribute of it, to its slot.
func slotOf(element, attr string) slot {
	switch element + "/" + attr {
	case "Provider/Name":
		return slotProvider
	case "Provider/Guid":
		return slotGUID
	case "Provider/EventSourceName":
		return slotSource
	case "EventID/":
		return slotEventID
	case "EventID/Qualifiers":
		return slotQualifiers
	case "Version/":
		return slotVersion
	case "Level/":
		return slotLevel
	case "Task/":
		return slotTask
	case "Opcode/":
		return slotOpcode
	case "Keywords/":
		return slotKeywords
	case "TimeCreated/SystemTime":
		return slotTime
	case "EventRecordID/":
		return slotRecordID
	case "Correlation/ActivityID":
		return slotActivity
	case "Correlation/RelatedActivityID":
		return slotRelated
	case "Execution/ProcessID":
		return slotProcess
	case "Execution/ThreadID":
		return slotThread
	case "Channel/":
		return slotChannel
	case "Computer/":
		return slotComputer
	case "Security/UserID":
		return slotUser
	}
	return slotNone
}

// opKind is what an op does with its parts.
type opKind uint8

const (
	opSlot    opKind = iota // sets a property of System
	opField                 // makes a field
	opContent               // runs nested XML; text becomes a field only if not blank
)

// op is one step of a compiled template. Its value is made of
// parts[part0:part1]; its name of parts[name0:part0] where those are present.
type op struct {
	kind    opKind
	slot    slot
	in      place // where nested XML stands
	attr    bool  // from an attribute: no field where the value is null
	dataTag bool  // <Data> without a literal name: numbered where it has none
	named   bool  // <Data> with one: a field also where its value is null
	name    string
	name0   uint32
	part0   uint32
	part1   uint32
}

// part is a piece of text: a literal, a substitution, or a template instance.
type part struct {
	lit      string
	off      uint32 // of a template instance
	sub      uint16
	typ      uint8 // type that the template declares
	kind     partKind
	optional bool // no element where the value is null
}

type partKind uint8

const (
	partLiteral partKind = iota
	partValue
	partInstance
)

// program is a compiled template. An error says that it is incomplete.
type program struct {
	op0, op1 uint32
	err      error
}
