package parsers

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"debrief/event"
)

// imeLogs are the logs of the Intune management extension, lower case, sorted.
// Source: the folder %ProgramData%\Microsoft\IntuneManagementExtension\Logs of
// agents of 2020 to 2026.
var imeLogs = []string{
	"agentexecutor", "appactionprocessor", "appworkload", "clientcertcheck", "clienthealth",
	"devicehealthmonitoring", "healthscripts", "imeui", "intunemanagementextension",
	"notificationinfra", "sensor", "win32appinventory",
}

// ccmLogs are logs of the ConfigMgr client, lower case, sorted. Source:
// Microsoft Learn "Log file reference".
var ccmLogs = []string{
	"adaloperationprovider", "appdiscovery", "appenforce", "appintenteval", "assetadvisor",
	"bitlockermanagementhandler", "cas", "ccm32bitlauncher", "ccmaad", "ccmcloud", "ccmeval",
	"ccmevaltask", "ccmexec", "ccmmessaging", "ccmnotificationagent", "ccmperf", "ccmrepair",
	"ccmrestart", "ccmsdkprovider", "ccmsqlce", "certenrollagent", "certificatemaintenance",
	"ciagent", "cidownloader", "cistatestore", "cistore", "citaskmanager", "citaskmgr",
	"clientauth", "clientidmanagerstartup", "clientlocation", "clientservicing", "cmbitsmanager",
	"cmhttpsreadiness", "cmrcservice", "comanagementhandler", "compliancehandler",
	"complrelayagent", "contenttransfermanager", "datatransferservice", "dcmagent",
	"dcmreporting", "dcmwmiprovider", "deltadownload", "desktopanalytics",
	"endpointprotectionagent", "execmgr", "expressionsolver", "externaleventagent", "filebits",
	"filesystemfile", "fspstatemessage", "internetproxy", "inventoryagent", "inventoryprovider",
	"locationcache", "locationservices", "m365ahandler", "maintenancecoordinator",
	"mp_clientregistration", "mtrmgr", "peerdpagent", "policyagent", "policyagentprovider",
	"policyevaluator", "policysdk", "pwrmgmt", "pwrprovider", "rebootcoordinator", "scanagent",
	"schedulemanager", "scheduler", "scnotify", "scripts", "sensormanagedprovider",
	"servicewindowmanager", "settingsagent", "smscliui", "softwarecatalogupdateendpoint",
	"softwarecentersystemtasks", "softwaredistribution", "srcupdatemgr", "statemessage",
	"statusagent", "swmtrreportgen", "tsagent", "tsdthandler", "updatesdeployment",
	"updateshandler", "updatesstore", "useraffinity", "useraffinityprovider", "userservice",
	"wuahandler",
}

// sequenceComponents are the components that write to smsts.log, lower case, sorted.
var sequenceComponents = []string{
	"applyoperatingsystem", "downloadcontent", "installapplication", "installapplications",
	"installsoftware", "installswupdate", "osdapplyos", "osdbitlocker", "osddiskpart",
	"osddownloadcontent", "osddriverclient", "osdjoin", "osdnetsettings", "osdoffline",
	"osdofflinebitlocker", "osdosrefresh", "osdpreservecontent", "osdprestartcheck",
	"osdrunpowershellscript", "osdsetdynamicvariables", "osdsetuphook", "osdsetupwindows",
	"osdsmpclient", "osdupgradeos", "osdupgradewindows", "osdwinsettings", "runcommandline",
	"runpowershellscript", "smsclientsetup", "tsbootshell", "tsmanager", "tsmbootstrap",
	"tsmediawizardcontrol", "tsprogressui", "tspxe", "winsetup",
}

func listed(list []string, lower string) bool {
	_, ok := slices.BinarySearch(list, lower)
	return ok
}

// stem is the base name of a log in lower case, without extension, rotation
// stamp or the marks of a copy: "Name-20250305-091402.log", "name.lo_" and
// "Name (2).log.txt" all give "name". Of the long names of Intune's collected
// diagnostics the last word counts: "(61) FoldersFiles C_Logs name.log".
func stem(file string) string {
	s := strings.ToLower(path.Base(file))
	if numbered(s) {
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			s = s[i+1:]
		}
	}
	for again := true; again; {
		again = false
		for _, ext := range []string{".log", ".lo_", ".txt", ".bak", ".old", ".csv", ".json"} {
			if t, ok := strings.CutSuffix(s, ext); ok && t != "" {
				s, again = t, true
			}
		}
	}
	if i := strings.LastIndex(s, " ("); i > 0 && strings.HasSuffix(s, ")") {
		s = s[:i]
	}
	if n := len(s) - len("-20060102-150405"); n > 0 && s[n] == '-' && s[n+9] == '-' {
		_, a := number(s[n+1:], 8)
		if _, b := number(s[n+10:], 6); a == 8 && b == 6 {
			s = s[:n]
		}
	}
	return strings.TrimSpace(s)
}

// numbered reports whether a name begins as Intune's collected diagnostics
// do: "(61) FoldersFiles ".
func numbered(lower string) bool {
	if !strings.HasPrefix(lower, "(") {
		return false
	}
	_, n := number(lower[1:], 3)
	rest := lower[1+n:]
	return n > 0 && (strings.HasPrefix(rest, ") foldersfiles ") || strings.HasPrefix(rest, ") command ") ||
		strings.HasPrefix(rest, ") registrykey "))
}

// isLogName reports whether the file's name is one of a text log.
func isLogName(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".log", ".lo_", ".txt", "":
		return true
	}
	return false
}

// nameSource is the source of a log of that stem, if the name says it.
func nameSource(stem string) (event.Source, bool) {
	switch {
	case strings.HasPrefix(stem, "ccmsetup"):
		return event.LogCcmsetup, true
	case strings.HasPrefix(stem, "smsts"):
		return event.LogSmsts, true
	case listed(imeLogs, stem):
		return event.LogIME, true
	case listed(ccmLogs, stem):
		return event.Source("log." + stem), true
	}
	return "", false
}

// knownLog reports whether a log of that stem is one that CMTrace shows.
func knownLog(stem string) bool {
	_, ok := nameSource(stem)
	return ok
}

// componentSource is the source of a component's records, if it is known.
func componentSource(lower string) (event.Source, bool) {
	switch {
	case listed(sequenceComponents, lower):
		return event.LogSmsts, true
	case lower == "updatesdeploymentagent": // the one component named unlike its log
		lower = "updatesdeployment"
	}
	return nameSource(lower)
}

// inCCMLogs reports whether the path has the client's log folder in it.
func inCCMLogs(file string) bool {
	dir := "/" + strings.ToLower(path.Dir(file)) + "/"
	return strings.Contains(dir, "/ccm/logs/") || strings.Contains(dir, "windir_ccm_logs") ||
		strings.Contains(strings.ToLower(path.Base(file)), "windir_ccm_logs")
}

// namer gives each record of a CMTrace log its source: by the file's name, or
// where that says nothing by the record's component.
type namer struct {
	stem  string
	fixed bool
	file  event.Source // by name, or "log." plus the stem
	last  string       // component looked up last, and its source
	src   event.Source
	ccm   bool
	seen  []event.Source
}

func newNamer(file string) namer {
	n := namer{stem: stem(file)}
	n.file, n.fixed = nameSource(n.stem)
	if !n.fixed {
		n.file = event.Source("log." + n.stem)
	}
	n.src = n.file
	n.ccm = inCCMLogs(file) || listed(ccmLogs, n.stem)
	if n.fixed {
		n.seen = append(n.seen, n.file)
	}
	return n
}

func (n *namer) source(component string) event.Source {
	if n.fixed {
		return n.file
	}
	if component != n.last {
		lower := strings.ToLower(component)
		n.last, n.src = component, n.file
		if s, ok := componentSource(lower); ok {
			n.src = s
			n.ccm = n.ccm || listed(ccmLogs, strings.TrimPrefix(string(s), "log."))
		}
	}
	if len(n.seen) == 0 || n.seen[len(n.seen)-1] != n.src {
		if !slices.Contains(n.seen, n.src) {
			n.seen = append(n.seen, n.src)
		}
	}
	return n.src
}

// cover notes the sources met; a log of the client also stands for its folder.
func (n *namer) cover(out *Output) {
	if len(n.seen) == 0 {
		n.seen = append(n.seen, n.file)
	}
	out.Cover(n.seen...)
	if n.ccm {
		out.Cover(event.LogCCM)
	}
}

// splitComponent takes the component and the thread off a pasted line, which
// has them in front or at the end, set off by a tab or two spaces:
//
//	TSManager    Starting step 3
//	TSManager 4321 (0x10E1) Starting step 3
//	Starting step 3    TSManager
//	Starting step 3 TSManager 4321 (0x10E1)
//
// One space is enough behind a component of the task sequence engine, whose
// names open no sentence.
func (n *namer) splitComponent(line string) (component string, thread uint32, message string) {
	word, rest, _ := strings.Cut(line, " ")
	if t := strings.IndexByte(line, '\t'); t >= 0 && t < len(word) {
		word, rest = line[:t], line[t:]
	}
	if id, after, ok := cutThread(rest); ok && isComponent(word) {
		return word, id, after
	}
	gap := len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t')
	if (gap || rest != "" && looksLikeComponent(word) && listed(sequenceComponents, strings.ToLower(word))) && n.isComponent(word) {
		return word, 0, trim(rest)
	}
	if before, id, ok := cutThreadBehind(line); ok {
		if before, word := lastWord(before); n.isComponent(word) {
			return word, id, trim(before)
		}
	}
	if before, word := lastWord(line); n.isComponent(word) &&
		(strings.HasSuffix(before, "  ") || strings.HasSuffix(before, "\t")) {
		return word, 0, trim(before)
	}
	return "", 0, line
}

// isComponent reports whether a word set off by space is a component that debrief knows.
func (n *namer) isComponent(word string) bool {
	if !isComponent(word) {
		return false
	}
	lower := strings.ToLower(word)
	_, known := componentSource(lower)
	return known || lower == n.stem
}

func isComponent(word string) bool {
	for i := 0; i < len(word); i++ {
		if c := word[i]; c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return len(word) > 2
}

// cutThread reads "4321 (0x10E1)" off the front of s.
func cutThread(s string) (thread uint32, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	n, digits := number(s, 10)
	tail, ok := strings.CutPrefix(s[digits:], " (0x")
	if digits == 0 || !ok || n > 1<<32-1 {
		return 0, s, false
	}
	i := strings.IndexByte(tail, ')')
	if i < 1 || i > 8 {
		return 0, s, false
	}
	return uint32(n), trim(tail[i+1:]), true
}

// cutThreadBehind reads "4321 (0x10E1)" off the end of s. The thread, written
// twice, must agree with itself.
func cutThreadBehind(s string) (before string, thread uint32, ok bool) {
	i := strings.LastIndex(s, "(0x")
	if i <= 0 || !strings.HasSuffix(s, ")") {
		return s, 0, false
	}
	hex, err := strconv.ParseUint(s[i+3:len(s)-1], 16, 32)
	if err != nil {
		return s, 0, false
	}
	before, word := lastWord(s[:i])
	if n, err := strconv.ParseUint(word, 10, 32); err != nil || n != hex {
		return s, 0, false
	}
	return before, uint32(hex), true
}
