package report

import (
	"strconv"
	"time"

	"debrief/event"
)

// ecsVersion is the version of the Elastic Common Schema whose field names are used.
const ecsVersion = "8.17"

// ecsEvent is one event under its ECS names. Fields without an ECS name stand
// under "debrief". Empty fields are left out.
type ecsEvent struct {
	Timestamp string `json:"@timestamp,omitempty"` // RFC 3339 UTC, up to 100 ns; absent = the record has no time
	ECS       ecsVer `json:"ecs"`
	Event     struct {
		Dataset  string `json:"dataset,omitempty"`  // source, "evtx.shell-core"
		Code     string `json:"code,omitempty"`     // event id
		Provider string `json:"provider,omitempty"` // provider or component
		Action   string `json:"action,omitempty"`   // semantic name
		Timezone string `json:"timezone,omitempty"` // offset of the record, "+02:00"
	} `json:"event"`
	Log struct {
		Level  string  `json:"level,omitempty"`
		Offset int64   `json:"offset"` // byte offset in the file
		File   ecsFile `json:"file"`
		Origin *struct {
			File struct {
				Line int `json:"line"`
			} `json:"file"`
		} `json:"origin,omitempty"` // line of the evidence file
	} `json:"log"`
	Message string      `json:"message,omitempty"`
	Host    *ecsName    `json:"host,omitempty"`
	User    *ecsID      `json:"user,omitempty"`
	Process *ecsProcess `json:"process,omitempty"`
	Winlog  *ecsWinlog  `json:"winlog,omitempty"`
	Debrief struct {
		Clock  string            `json:"clock"` // where the time comes from: none, assumed, anchored, declared
		Fields map[string]string `json:"fields,omitempty"`
		Flags  []string          `json:"flags,omitempty"` // recovered, torn, pasted
	} `json:"debrief"`
}

type (
	ecsVer struct {
		Version string `json:"version"`
	}
	ecsFile struct {
		Path string `json:"path"`
	}
	ecsName struct {
		Name string `json:"name"`
	}
	ecsID struct {
		ID string `json:"id"`
	}
	ecsProcess struct {
		PID    uint32 `json:"pid,omitempty"`
		Thread *struct {
			ID uint32 `json:"id"`
		} `json:"thread,omitempty"`
	}
	ecsWinlog struct {
		Channel  string `json:"channel,omitempty"`
		RecordID uint64 `json:"record_id,omitempty"`
	}
)

func toECS(e *event.Event) *ecsEvent {
	o := &ecsEvent{ECS: ecsVer{ecsVersion}, Message: e.Message}
	if !e.Time.IsZero() {
		o.Timestamp = e.Time.UTC().Format(time.RFC3339Nano)
		o.Event.Timezone = time.Unix(0, 0).In(time.FixedZone("", int(e.Offset)*60)).Format("-07:00")
	}
	o.Event.Dataset = string(e.Source)
	if e.ID != 0 {
		o.Event.Code = strconv.FormatUint(uint64(e.ID), 10)
	}
	o.Event.Provider, o.Event.Action = e.Provider, e.Name
	if e.Level != event.LevelUnknown {
		o.Log.Level = e.Level.String()
	}
	o.Log.File.Path, o.Log.Offset = e.Pos.File, e.Pos.Offset
	if e.Pos.Line > 0 {
		o.Log.Origin = &struct {
			File struct {
				Line int `json:"line"`
			} `json:"file"`
		}{}
		o.Log.Origin.File.Line = e.Pos.Line
	}
	if e.Host != "" {
		o.Host = &ecsName{e.Host}
	}
	if e.User != "" {
		o.User = &ecsID{e.User}
	}
	if e.Process != 0 || e.Thread != 0 {
		o.Process = &ecsProcess{PID: e.Process}
		if e.Thread != 0 {
			o.Process.Thread = &struct {
				ID uint32 `json:"id"`
			}{e.Thread}
		}
	}
	if e.Channel != "" || e.Pos.Record != 0 {
		o.Winlog = &ecsWinlog{e.Channel, e.Pos.Record}
	}
	o.Debrief.Clock = e.Clock.String()
	o.Debrief.Fields, o.Debrief.Flags = fieldMap(e.Fields), flagNames(e.Flags)
	return o
}

// fieldMap gives fields as a map: names may repeat, and none is lost.
func fieldMap(fields event.Fields) map[string]string {
	if len(fields) == 0 {
		return nil
	}
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		name := f.Name
		for n := uint64(2); ; n++ {
			if _, taken := out[name]; !taken {
				break
			}
			name = f.Name + "#" + strconv.FormatUint(n, 10)
		}
		out[name] = f.Value
	}
	return out
}

// flagNames names how an event was obtained; nil = in the ordinary way.
func flagNames(flags event.Flags) []string {
	var out []string
	for _, f := range []struct {
		flag event.Flags
		name string
	}{{event.Recovered, "recovered"}, {event.Torn, "torn"}, {event.Pasted, "pasted"}} {
		if flags&f.flag != 0 {
			out = append(out, f.name)
		}
	}
	return out
}
