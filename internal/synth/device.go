package synth

import (
	"time"

	"debrief/internal/synth/evtxw"
)

// device is the state of a device while its story is told. Its clock, now, is
// the device's own; collected cuts off what comes later.
type device struct {
	s         Scenario
	id        identity
	win       windows
	r         *rng
	now       time.Time
	collected time.Time

	logs     map[string]*logFile // by path beneath the collection
	channels map[channel][]evtxw.Event
	files    []extraFile // other members that an effect leaves behind

	profile   Profile
	skew      time.Duration // device clock minus the true time
	enrolled  bool
	espShown  bool
	coManaged bool
	page      time.Time // when the ESP clock of the present page started
	deadline  time.Time // when that clock runs out

	categories      []category
	providers       []provider
	jobs            []msiJob
	tracked         []trackedApp
	win32           []win32Result
	enrolmentErrors []enrolmentError
	setupDone       bool
	signedIn        bool // the first user signed in, at signInTime
	signInTime      time.Time
	firstSession    time.Time // start of device setup
	appsEnd         time.Time // when the last tracked app ended or will end
	off             []pause   // while it was shut down nothing was logged
	commandLine     string    // of ccmsetup, as the policy gives it
	smstsFolder     string
	prep            devicePrep
}

// extraFile is a member beside the standard ones.
type extraFile struct {
	name string
	data string
}

// pause is a time in which the device was down.
type pause struct{ from, to time.Time }

// category is an ESP section with its lines in order.
type category struct {
	id, state, text string
	lines           []subcategory
}

type subcategory struct{ id, state, text string }

// Installation states of policy providers and tracked apps.
const (
	notInstalled = 1
	notRequired  = 2 // of a provider
	inProgress   = 2 // of an app
	complete     = 3
	failedState  = 4
)

type provider struct {
	name      string
	state     int
	lastError uint32
	tracking  int // TrackingPoliciesCreated in device setup; -1 = key absent
}

// msiJob is an MSI that the MDM channel delivers (EDAM).
type msiJob struct {
	product, version, url, command string
	status                         int
	lastError                      uint32
	created, started               time.Time
}

type trackedApp struct {
	provider, name string
	done           []appState // in order of time
}

type appState struct {
	at    time.Time
	state int
}

type win32Result struct {
	id, name string
	exit     int
	state    int
	code     uint32
	at       time.Time
}

type enrolmentError struct {
	at   time.Time
	code uint32
}

// devicePrep is what the device preparation policy leaves in the registry.
type devicePrep struct {
	shown  bool
	failed string // friendly name of the failed workload
}

func newDevice(s Scenario) *device {
	if s.TimeoutMinutes == 0 {
		s.TimeoutMinutes = 60
	}
	s.Noise = max(s.Noise, 1)
	d := &device{
		s: s, id: newIdentity(s), win: windowsOf(s.Build), r: stream(s.Seed, "story"), now: s.Start,
		logs: map[string]*logFile{}, channels: map[channel][]evtxw.Event{}, smstsFolder: "CCM/Logs/SMSTS/",
	}
	for _, e := range s.Story {
		e.apply(d)
	}
	if d.collected.IsZero() {
		d.collected = d.now.Add(d.r.duration(3*time.Minute, 6*time.Minute))
	}
	d.addNoise()
	return d
}

// wait moves the clock on by about that long.
func (d *device) wait(about time.Duration) time.Time {
	d.now = d.now.Add(d.r.duration(about*9/10, about*11/10).Truncate(time.Millisecond))
	return d.now
}

// local is the wall clock at that time, as a time that shows it.
func (d *device) local(t time.Time) time.Time {
	return t.Add(-time.Duration(d.s.BiasMinutes) * time.Minute)
}

func (d *device) timeout() time.Duration { return time.Duration(d.s.TimeoutMinutes) * time.Minute }

func (d *device) provider(name string) *provider {
	for i := range d.providers {
		if d.providers[i].name == name {
			return &d.providers[i]
		}
	}
	d.providers = append(d.providers, provider{name: name, state: notInstalled, tracking: -1})
	return &d.providers[len(d.providers)-1]
}

// line returns the subcategory of that id, adding category and line as needed.
func (d *device) line(categoryID, id string) *subcategory {
	c := d.category(categoryID)
	for i := range c.lines {
		if c.lines[i].id == id {
			return &c.lines[i]
		}
	}
	c.lines = append(c.lines, subcategory{id: id, state: "notStarted"})
	return &c.lines[len(c.lines)-1]
}

func (d *device) category(id string) *category {
	for i := range d.categories {
		if d.categories[i].id == id {
			return &d.categories[i]
		}
	}
	d.categories = append(d.categories, category{id: id, state: "notStarted"})
	return &d.categories[len(d.categories)-1]
}

// track adds an app to what the ESP waits for.
func (d *device) track(provider, name string, states ...appState) {
	d.tracked = append(d.tracked, trackedApp{provider, name, states})
}

// stateAt is the app's state at that time.
func (a trackedApp) stateAt(t time.Time) int {
	state := notInstalled
	for _, s := range a.done {
		if !s.at.After(t) {
			state = s.state
		}
	}
	return state
}
