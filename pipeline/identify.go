package pipeline

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"debrief/event"
	"debrief/redact"
)

// Identify teaches a redactor what identifies the device, its users and their
// organisation in a case: what facts, registry values and event fields of known
// names hold, the computers and accounts that wrote records, and what texts give
// away by their form. It is to be called for every case that goes into an output
// before anything of that output is redacted.
func (c *Case) Identify(r *redact.Redactor) {
	IdentifyIn(r, c.Events(), c.coverage, c.facts, c.timeline.Facts)
}

// IdentifyIn is Identify for the parts of a case, as an archive returns them.
func IdentifyIn(r *redact.Redactor, events iter.Seq[*event.Event], coverage []event.Coverage, lists ...[]event.Fact) {
	for _, facts := range lists {
		for i := range facts {
			f := &facts[i]
			name := f.Value
			if f.Name != "reg" {
				name = f.Name[strings.LastIndexByte(f.Name, '.')+1:]
				if f.Name == "device.name" {
					name = "computername"
				}
			}
			identify(r, name, f.Text)
			if f.Name == "cert.expires" {
				r.LearnIssuer(f.Value)
			}
			r.LearnFrom(f.Text)
			r.LearnFrom(f.Key)
			servers(r, f.Text)
		}
	}
	for e := range events {
		identify(r, "computername", e.Host)
		if !strings.HasPrefix(e.User, "S-1-") {
			identify(r, "username", e.User)
		}
		for _, f := range e.Fields {
			identify(r, f.Name, f.Value)
			if isIssuer(f.Name) {
				r.LearnIssuer(f.Value)
			}
			r.LearnFrom(f.Value)
		}
		if name, ok := e.Fields.Get("name"); ok { // of a line of a command's output
			value, _ := e.Fields.Get("value")
			identify(r, name, value)
		}
		r.LearnFrom(e.Message)
		issuers(r, e.Message)
		servers(r, e.Message)
	}
	for i := range coverage {
		r.LearnFrom(coverage[i].File)
	}
}

// identifying says what kind of value stands under a name, by the name in lower
// case without separators. Identifiers count where they have the form of a GUID.
var identifying = map[string]struct {
	kind redact.Kind
	form *regexp.Regexp // of the whole value; nil = any
}{
	"computername":                 {redact.Device, computer},
	"hostname":                     {redact.Device, computer},
	"machinename":                  {redact.Device, computer},
	"systemname":                   {redact.Device, computer},
	"logonserver":                  {redact.Device, uncServer},
	"netbiosname":                  {redact.Device, computer},
	"devicename":                   {redact.Device, computer},
	"pcname":                       {redact.Device, computer},
	"enterprisedevicename":         {redact.Device, nil},
	"serial":                       {redact.Serial, nil},
	"serialnumber":                 {redact.Serial, nil},
	"deviceserialnumber":           {redact.Serial, nil},
	"assettag":                     {redact.Serial, nil},
	"productkeyid":                 {redact.Serial, nil},
	"deviceid":                     {redact.Device, guid},
	"aaddeviceid":                  {redact.Device, guid},
	"azureaddeviceid":              {redact.Device, guid},
	"entradeviceid":                {redact.Device, guid},
	"entdmid":                      {redact.Device, guid},
	"enterprisedevicemanagementid": {redact.Device, guid},
	"ztdregistrationid":            {redact.Device, guid},
	"ztdid":                        {redact.Device, guid},
	"tenantid":                     {redact.Tenant, guid},
	"aadtenantid":                  {redact.Tenant, guid},
	"cloudassignedtenantid":        {redact.Tenant, guid},
	"tenantdomain":                 {redact.Tenant, domain},
	"cloudassignedtenantdomain":    {redact.Tenant, domain},
	"dnssuffix":                    {redact.Tenant, domain},
	"primarydnssuffix":             {redact.Tenant, domain},
	"connectionspecificdnssuffix":  {redact.Tenant, domain},
	"domain":                       {redact.Tenant, domain},
	"organization":                 {redact.Tenant, nil},
	"registeredorganization":       {redact.Tenant, nil},
	"tenantname":                   {redact.Tenant, nil},
	"tenantdisplayname":            {redact.Tenant, nil},
	"cloudassignedtenantupn":       {redact.Tenant, domain},
	"upn":                          {redact.User, nil},
	"activeaccount":                {redact.User, nil},
	"useridentity":                 {redact.User, nil},
	"userupn":                      {redact.User, nil},
	"useremail":                    {redact.User, nil},
	"userid":                       {redact.User, guid},
	"username":                     {redact.User, nil},
	"accountname":                  {redact.User, nil},
	"defaultusername":              {redact.User, nil},
	"lastloggedonuser":             {redact.User, nil},
	"lastloggedondisplayname":      {redact.User, nil},
	"loggedonuser":                 {redact.User, nil},
	"registeredowner":              {redact.User, nil},
}

var (
	computer  = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]*$`)
	uncServer = regexp.MustCompile(`^\\\\[\pL\pN][\pL\pN._-]*$`)
	guid      = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`)
	domain    = regexp.MustCompile(`^[\pL\pN-]+(?:\.[\pL\pN-]+)+$`)
)

// identify learns the value under a name that is known to identify somebody.
func identify(r *redact.Redactor, name, value string) {
	if value == "" || len(value) > 128 || len(name) > 40 {
		return
	}
	known, ok := identifying[strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(name))]
	value = strings.TrimSpace(value)
	if !ok || known.form != nil && !known.form.MatchString(value) {
		return
	}
	switch known.kind {
	case redact.User:
		if organisation, account, both := strings.Cut(value, `\`); both {
			r.Learn(redact.Tenant, organisation)
			value = account
		}
		if !strings.HasPrefix(value, "S-1-") {
			r.Learn(redact.User, value)
		}
	case redact.Tenant:
		if known.form == domain {
			r.LearnDomain(value)
			return
		}
		r.Learn(redact.Tenant, strings.Trim(value, "{}"))
	default:
		value = strings.Trim(value, `{}\`)
		r.Learn(known.kind, value)
		if host, _, qualified := strings.Cut(value, "."); known.form == computer && qualified {
			r.Learn(known.kind, host)
		}
	}
}

// url finds the server that a link leads to.
var url = regexp.MustCompile(`https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)`)

// public are the domains of services that every organisation uses. Names below
// cloudapp.net and cloudapp.azure.com are given by the organisation.
var public = []string{
	"microsoft.com", "microsoftonline.com", "microsoftonline-p.com", "windows.com", "windows.net", "windowsupdate.com", "azure.com", "azureedge.net", "azure.net", "office.com", "office.net", "office365.com",
	"live.com", "msftauth.net", "msauth.net", "msftconnecttest.com", "msftncsi.com", "s-microsoft.com", "onestore.ms", "bing.com", "skype.com", "visualstudio.com", "aka.ms",
	"digicert.com", "verisign.com", "entrust.net", "globalsign.com", "letsencrypt.org", "w3.org", "xmlsoap.org", "google.com", "github.com", "mozilla.org", "adobe.com",
}

// isIssuer reports whether a field holds the issuer of a certificate.
func isIssuer(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
	return name == "issuer" || name == "issuername" || name == "certificateissuer" || name == "issuedby"
}

// issuer finds the issuer of a certificate in a message, as logs of ConfigMgr
// and of Windows write it: Issuer 'CN=…', Issuer: CN=…, issued by 'CN=…'.
var issuer = regexp.MustCompile(`(?i)\bissue(?:r|d by)s?\W{1,4}((?:CN|DC|O)=[^'"\]\r\n]{3,300})`)

// issuers learns the authorities that a message names as issuers.
func issuers(r *redact.Redactor, text string) {
	if !strings.Contains(text, "ssue") && !strings.Contains(text, "SSUE") {
		return
	}
	for _, m := range issuer.FindAllStringSubmatch(text, -1) {
		r.LearnIssuer(m[1])
	}
}

// servers learns the organisation's own servers from the links of a text.
func servers(r *redact.Redactor, text string) {
	if !strings.Contains(text, "http") {
		return
	}
	for _, m := range url.FindAllStringSubmatch(text, -1) {
		host := strings.ToLower(m[1])
		given := strings.HasSuffix(host, ".cloudapp.azure.com")
		if !given && slices.ContainsFunc(public, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) }) || strings.Trim(host, "0123456789.") == "" {
			continue
		}
		r.LearnDomain(host)
	}
}

// Redacted yields copies of the events with what identifies somebody replaced.
func Redacted(events iter.Seq[*event.Event], r *redact.Redactor) iter.Seq[*event.Event] {
	return func(yield func(*event.Event) bool) {
		for e := range events {
			if !yield(RedactedEvent(e, r)) {
				return
			}
		}
	}
}

// RedactedEvent is Redacted for one event.
func RedactedEvent(e *event.Event, r *redact.Redactor) *event.Event {
	shared := *e
	shared.Fields = slices.Clone(e.Fields)
	r.Apply(&shared)
	return &shared
}
