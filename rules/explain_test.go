package rules

import (
	"testing"

	"debrief/event"
)

func TestFactText(t *testing.T) {
	for _, tt := range []struct {
		f    event.Fact
		want string
	}{
		{event.Number("scep.error", "Request_1", 0x800b0101, event.Pos{}), "scep.error Request_1 = 0x800b0101"},
		{event.Number("scep.status", "Request_1", 16, event.Pos{}), "scep.status Request_1 = 16"},
		{event.Text("device.name", "", "PC\x1b[1m", event.Pos{}), "device.name = PC [1m"},
		{event.Fact{Name: "reg", Key: `HKLM\A`, Value: "B", Kind: event.FactNumber, Text: "2148204801", Num: 0x800b0101}, `HKLM\A\B = 2148204801`},
		{event.Fact{Name: "reg", Key: `HKLM\A`, Kind: event.FactKey}, `HKLM\A`},
	} {
		if got := factText(&tt.f); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
