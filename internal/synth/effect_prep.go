package synth

import (
	"fmt"
	"time"
)

// Attestation is how the TPM step of device preparation goes.
type Attestation uint8

// The outcomes. AttestationSkipped, of user-driven profiles, is the zero value.
const (
	AttestationSkipped Attestation = iota
	AttestationSucceeds
	AttestationTimesOut // after the seven minutes that the page grants it
)

// Preparation opens the enrolment status page and runs device preparation up
// to the wait for the policy providers.
type Preparation struct {
	Attestation Attestation
	// NoConfigMgr leaves ConfigMgr out of the policy providers: no
	// co-management settings policy is assigned.
	NoConfigMgr bool
}

func (e Preparation) apply(d *device) {
	whiteGlove := d.profile == PreProvisioned
	d.loadPage(whiteGlove)
	d.startCategory(catPreparation)
	d.startBatch(1, false)
	d.startLine(catPreparation, subTPM)
	if whiteGlove {
		d.esp("ESPDevicePreparation_WhiteGlove_Started", "White glove has started.", 0)
	} else {
		d.esp("ESPDevicePreparation_WhiteGlove_StartTimeMissing", "Unable to find AutopilotWhiteGloveStartTime value.", 0)
	}
	if !d.attest(e.Attestation) {
		return
	}
	d.startLine(catPreparation, subJoin)
	d.esp("ESPDevicePreparation_AADJProvisioning_NotRequiredForScenario", "=Skipping AADJ provisioning.", 0)
	d.endLine(catPreparation, subJoin, "succeeded", "Complete")
	d.startLine(catPreparation, subEnrol)
	if whiteGlove || d.profile == SelfDeploying {
		d.esp("ESPDevicePreparation_DeviceEnrollment_Started", "Starting device enrollment.", 0)
		Enrol{}.apply(d)
		d.esp("ESPDevicePreparation_DeviceEnrollment_Complete", "Device enrollment completed.", 0)
	} else {
		d.esp("ESPDevicePreparation_MDMEnrollment_NotRequiredForScenario", "=Skipping MDM enrollment.", 0)
	}
	d.endLine(catPreparation, subEnrol, "succeeded", "Complete")
	d.provider("Sidecar")
	if !e.NoConfigMgr {
		d.provider("ConfigMgr")
		d.coManaged = true
	}
	d.startBatch(1, true)
	d.startLine(catPreparation, subProviders)
	d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Started", "Starting the wait for policy providers installation.", 0)
	d.wait(4 * time.Second)
}

// attest runs the TPM step and reports whether preparation goes on.
func (d *device) attest(outcome Attestation) bool {
	switch outcome {
	case AttestationSkipped:
		d.esp("ESPDevicePreparation_TPMAttestation_NotRequiredForScenario", "=Skipping TPM Attestation.", 0)
	case AttestationSucceeds:
		d.esp("ESPDevicePreparation_TPMAttestation_Started", "Starting TPM attestation.", 0)
		d.wait(25 * time.Second)
		d.esp("ESPDevicePreparation_TPMAttestation_Succeeded", "TPM attestation succeeded.", 0)
	case AttestationTimesOut:
		d.esp("ESPDevicePreparation_TPMAttestation_Started", "Starting TPM attestation.", 0)
		for i := range 4 {
			d.event(chAutopilot, d.now.Add(time.Duration(i)*100*time.Second), 171, levelError, field("HRESULT", hex32(0x800705b4)))
		}
		d.now = d.now.Add(7 * time.Minute)
		d.esp("ESPDevicePreparation_TPMAttestation_TimedOut", "TPM attestation timed out.", timedOut)
		d.endLine(catPreparation, subTPM, "failed", "0x800705b4")
		d.failFollowing(catPreparation, []string{subJoin, subEnrol, subProviders})
		d.failPreparation()
		return false
	}
	d.endLine(catPreparation, subTPM, "succeeded", "Complete")
	return true
}

// PreparationEnds closes device preparation as the providers allow: both
// done, one in error, or the wait cut off by the timeout.
type PreparationEnds struct{}

func (PreparationEnds) apply(d *device) {
	failed, pending := uint32(0), false
	for _, p := range d.providers {
		switch p.state {
		case notInstalled:
			pending = true
		case failedState:
			failed = p.lastError
		}
	}
	switch {
	case failed != 0:
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Complete", "waitForPolicyProviderInstallationToComplete returned, processing results...", 0)
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Failed", fmt.Sprintf("Policy provider installation failed. Error: 0x%08x", failed), failed)
		d.endLine(catPreparation, subProviders, "failed", fmt.Sprintf("0x%08x", failed))
		d.failPreparation()
	case pending:
		d.now = d.deadline
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Complete", "waitForPolicyProviderInstallationToComplete returned, processing results...", 0)
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_TimedOut", "Timed out waiting for all policy providers to provide a list of policies.", timedOut)
		d.endLine(catPreparation, subProviders, "failed", "0x800705b4")
		d.failPreparation()
	default:
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Complete", "waitForPolicyProviderInstallationToComplete returned, processing results...", 0)
		d.esp("ESPDevicePreparation_PolicyProvidersInstallation_Succeeded", "All policy providers have successfully installed a list of policies.", 0)
		d.endLine(catPreparation, subProviders, "succeeded", "Complete")
		d.endCategory(catPreparation)
	}
}

// AgentInstall delivers the Intune management extension, the Sidecar provider.
type AgentInstall struct {
	Stuck bool // its download never ends
}

func (e AgentInstall) apply(d *device) {
	j := msiJob{product: d.id.agentProduct, version: d.id.agentVersion, url: d.id.agentURL, created: d.now, status: edamDownloading}
	at := d.announce(j)
	if e.Stuck {
		d.jobs = append(d.jobs, j)
		return
	}
	at = d.download(j, at, 8*time.Second)
	j.started = at
	d.install(j, at, 15*time.Second)
	j.status = edamDone
	d.jobs = append(d.jobs, j)
	d.provider("Sidecar").state = complete
	d.agentStarts(at.Add(20 * time.Second))
}
