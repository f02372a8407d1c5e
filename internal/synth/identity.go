package synth

import (
	"fmt"
	"strings"
)

// identity is who the device is and whom it belongs to. All of it is made up;
// domains are under .example, which nobody can own.
type identity struct {
	company, domain                    string
	host, serial, maker, model         string
	upn, userName                      string
	machineSID, userSID                string
	tenant, deviceID, entDMID          string
	enrolment, ztd, correlation        string
	site, cmg, cmgID, managementPoint  string
	clientVersion, agentVersion        string
	ccmProduct, agentProduct           string
	ccmURL, agentURL                   string
	profile, tsName, tsPackage, tsRoll string
	clientPackage, clientGUID, scope   string
	aadClient                          string
}

var companies = []struct{ name, short string }{
	{"Tidewell Marine", "tidewell"}, {"Orrin & Vale", "orrinvale"}, {"Kestrel Foundry", "kestrelfoundry"},
	{"Larkmoor Textiles", "larkmoor"}, {"Pell Harbour Group", "pellharbour"}, {"Umber Road Logistics", "umberroad"},
	{"Fennick Optical", "fennick"}, {"Stonebrace Mutual", "stonebrace"},
}

var users = []string{"i.marchetti-hale", "t.okonjo-lind", "r.vasterby", "n.quillfeather", "s.brandvold", "e.tamsin-roe"}

var machines = []struct{ maker, model string }{
	{"Arbutus Computer", "Slatebook 14 G2"}, {"Arbutus Computer", "Slatebook 15 G3"}, {"Norrvik", "Ridge 5430"}, {"Norrvik", "Ridge 7450"},
}

var hostPrefixes = []string{"NB-", "CLT-", "AP-", "WIN-"}

var profiles = []string{"Autopilot standard", "Office laptops", "User driven Entra join", "Field devices"}

var sequences = []string{"First run essentials", "Provisioning baseline", "Autopilot apps and settings", "Day one workplace"}

// clientVersions are ConfigMgr client versions by the year from which they were current.
var clientVersions = []struct {
	year    int
	version string
}{{2025, "5.00.9135.1013"}, {2024, "5.00.9128.1007"}, {2023, "5.00.9106.1022"}, {0, "5.00.9078.1025"}}

func newIdentity(s Scenario) identity {
	r := stream(s.Seed, "identity")
	c, m := pick(r, companies), pick(r, machines)
	user := pick(r, users)
	id := identity{
		company: c.name, domain: c.short + ".example",
		maker: m.maker, model: m.model,
		serial:   r.text(8, upperDigits),
		userName: user, upn: user + "@" + c.short + ".example",
		machineSID: fmt.Sprintf("S-1-5-21-%d-%d-%d", uint32(r.next()), uint32(r.next()), uint32(r.next())),
		tenant:     r.guid(), deviceID: r.guid(), entDMID: r.guid(),
		enrolment: strings.ToUpper(r.guid()), ztd: r.guid(), correlation: r.guid(),
		site:         r.text(2, "BCDFGHKLMNPRSTVW") + r.text(1, "0123456789"),
		cmg:          "cmg." + c.short + ".example",
		cmgID:        fmt.Sprint(72057594037927936 + uint64(r.between(10, 99999))),
		agentVersion: fmt.Sprintf("1.%d.%d.0", r.between(79, 99), r.between(100, 199)),
		ccmProduct:   "{" + strings.ToUpper(r.guid()) + "}",
		agentProduct: "{" + strings.ToUpper(r.guid()) + "}",
		profile:      pick(r, profiles), tsName: pick(r, sequences),
		clientGUID: strings.ToUpper(r.guid()), scope: "ScopeId_" + strings.ToUpper(r.guid()),
		aadClient: r.guid(),
	}
	id.host = pick(r, hostPrefixes) + id.serial[:7]
	id.managementPoint = "cm01.corp." + id.domain
	id.tsPackage = id.site + "000" + r.text(2, "3456789AB")
	id.tsRoll = id.site + "2" + r.text(4, "0123456789ABCDEF")
	id.clientPackage = id.site + "00003"
	id.ccmURL = "https://" + r.text(8, hexDigits) + "-cdn.manage.example/" + r.guid() + "/ccmsetup.msi"
	id.agentURL = "https://agentcdn.manage.example/IntuneWindowsAgent.msi"
	id.userSID = fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", uint32(r.next()), uint32(r.next()), uint32(r.next()), uint32(r.next()))
	for _, v := range clientVersions {
		if s.Start.Year() >= v.year {
			id.clientVersion = v.version
			break
		}
	}
	return id
}

// Identity lists what identifies the device, its user and its organisation in
// the collection of a scenario: what a copy for strangers must not show.
func Identity(s Scenario) []string {
	id := newIdentity(s)
	return []string{id.host, id.serial, id.upn, id.userName, id.domain, id.machineSID, id.userSID, id.tenant, id.deviceID}
}

// cmgPath is how the client addresses the gateway: host, proxy, number.
func (id *identity) cmgPath() string { return id.cmg + "/CCM_Proxy_MutualAuth/" + id.cmgID }

// setupVersion is the client version as ccmsetup writes it.
func (id *identity) setupVersion() string {
	return strings.Replace(id.clientVersion, "5.00.", "5.0.", 1)
}

// siteVersion is the version of the site behind the client's.
func (id *identity) siteVersion() string {
	return id.clientVersion[:strings.LastIndex(id.clientVersion, ".")] + ".1000"
}

// windows is what a build number says about the system.
type windows struct{ product, build, revision, branch, lab, release string }

func windowsOf(build string) windows {
	number, revision, _ := strings.Cut(build, ".")
	w := windows{build: number, revision: revision, product: "Windows 10 Enterprise", branch: "vb_release", lab: "19041.1", release: "2009"}
	switch {
	case number >= "26100":
		w.product, w.branch, w.lab = "Windows 11 Enterprise", "ge_release", "26100.1"
	case number >= "22621":
		w.product, w.branch, w.lab = "Windows 11 Enterprise", "ni_release", "22621.1"
	case number >= "22000":
		w.product, w.branch, w.lab = "Windows 11 Enterprise", "co_release", "22000.1"
	}
	return w
}

// splitsEnrolmentChannel: these builds log enrolment to a channel of its own.
func (w windows) splitsEnrolmentChannel() bool { return w.build >= "26100" }
