package timeline

import (
	"strings"

	"debrief/event"
)

// comanagement follows the enrolment in MDM that the ConfigMgr client does by
// itself. Lines of CoManagementHandler.log (versions 1806 to 2503):
//
//	Enrolling device to MDM... Try #1 out of 3
//	Failed to enroll with RegisterDeviceWithManagementUsingAADDeviceCredentials with error code 0x8018002a.
//	MDM enrollment failed with error code 0x8018002a 'The user canceled the operation'. Will retry in 240 minutes...
//	Device is already enrolled with MDM.
//
// A failure is a fact enrollment.error under the key co-management, as long as
// no success follows.
type comanagement struct{ last event.Fact }

// comanagementKey is the key of the fact, in place of the GUID of an attempt.
const comanagementKey = "co-management"

func (c *comanagement) read(e *event.Event) {
	m := strings.ToLower(e.Message)
	switch {
	case strings.Contains(m, "already enrolled with mdm"), strings.Contains(m, "enrollment succeeded"), strings.Contains(m, "successfully enrolled"):
		c.last = event.Fact{}
	case strings.Contains(m, "enrollment failed with error code"), strings.Contains(m, "failed to enroll with registerdevice"):
		if code, ok := hexCode(e.Message); ok && code != 0 {
			c.last = event.Number("enrollment.error", comanagementKey, int64(code), e.Pos)
			c.last.Time = e.Time
		}
	}
}

func (c *comanagement) finish(b *builder) {
	if c.last.Name != "" {
		b.add(c.last)
	}
}
