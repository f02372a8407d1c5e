package synth

// policy is a setting of the Policy CSP. The names are Microsoft's.
type policy struct{ area, name string }

// policyNames lists ordinary policies by area; those of internet zones and of
// privacy come by the dozen and are put together below.
var policyNames = []struct {
	area  string
	names []string
}{
	{"AboveLock", []string{"AllowCortanaAboveLock", "AllowToasts"}},
	{"Accounts", []string{"AllowAddingNonMicrosoftAccountsManually", "AllowMicrosoftAccountConnection", "AllowMicrosoftAccountSignInAssistant"}},
	{"ApplicationManagement", []string{"AllowAllTrustedApps", "AllowAppStoreAutoUpdate", "AllowDeveloperUnlock", "AllowGameDVR", "AllowSharedUserAppData", "DisableStoreOriginatedApps", "MSIAllowUserControlOverInstall", "RestrictAppDataToSystemVolume"}},
	{"Authentication", []string{"AllowAadPasswordReset", "AllowFastReconnect", "AllowSecondaryAuthenticationDevice", "EnableFastFirstSignIn", "EnableWebSignIn"}},
	{"Bitlocker", []string{"EncryptionMethod"}},
	{"Bluetooth", []string{"AllowAdvertising", "AllowDiscoverableMode", "AllowPrepairing", "AllowPromptedProximalConnections", "LocalDeviceName"}},
	{"Browser", []string{"AllowAddressBarDropdown", "AllowAutofill", "AllowCookies", "AllowDeveloperTools", "AllowDoNotTrack", "AllowExtensions", "AllowInPrivate", "AllowPasswordManager", "AllowPopups", "AllowSmartScreen"}},
	{"Camera", []string{"AllowCamera"}},
	{"Connectivity", []string{"AllowBluetooth", "AllowCellularData", "AllowCellularDataRoaming", "AllowConnectedDevices", "AllowPhonePCLinking", "AllowUSBConnection", "AllowVPNOverCellular"}},
	{"Defender", []string{"AllowArchiveScanning", "AllowBehaviorMonitoring", "AllowCloudProtection", "AllowEmailScanning", "AllowIOAVProtection", "AllowOnAccessProtection", "AllowRealtimeMonitoring", "AllowScriptScanning", "AvgCPULoadFactor", "CloudBlockLevel", "DaysToRetainCleanedMalware", "PUAProtection", "ScanParameter", "ScheduleScanDay", "SignatureUpdateInterval", "SubmitSamplesConsent"}},
	{"DeliveryOptimization", []string{"DOAbsoluteMaxCacheSize", "DOAllowVPNPeerCaching", "DODownloadMode", "DOGroupId", "DOMaxCacheAge", "DOMaxCacheSize", "DOMinBackgroundQos", "DOMinRAMAllowedToPeer", "DOMonthlyUploadDataCap", "DOPercentageMaxBackgroundBandwidth"}},
	{"DeviceGuard", []string{"ConfigureSystemGuardLaunch", "EnableVirtualizationBasedSecurity", "LsaCfgFlags", "RequirePlatformSecurityFeatures"}},
	{"DeviceLock", []string{"AllowSimpleDevicePassword", "AlphanumericDevicePasswordRequired", "DevicePasswordEnabled", "DevicePasswordExpiration", "DevicePasswordHistory", "MaxDevicePasswordFailedAttempts", "MaxInactivityTimeDeviceLock", "MinDevicePasswordLength"}},
	{"Display", []string{"DisablePerProcessDpiForApps", "EnablePerProcessDpi", "TurnOffGdiDPIScalingForApps"}},
	{"Experience", []string{"AllowCortana", "AllowDeviceDiscovery", "AllowFindMyDevice", "AllowManualMDMUnenrollment", "AllowSyncMySettings", "AllowTailoredExperiencesWithDiagnosticData", "AllowWindowsSpotlight", "AllowWindowsTips", "DoNotShowFeedbackNotifications"}},
	{"ExploitGuard", []string{"ExploitProtectionSettings"}},
	{"Kerberos", []string{"AllowForestSearchOrder", "KerberosClientSupportsClaimsCompoundArmor", "RequireKerberosArmoring"}},
	{"LocalPoliciesSecurityOptions", []string{"Accounts_EnableAdministratorAccountStatus", "Accounts_EnableGuestAccountStatus", "Accounts_LimitLocalAccountUseOfBlankPasswordsToConsoleLogonOnly", "InteractiveLogon_DoNotDisplayLastSignedIn", "InteractiveLogon_DoNotRequireCTRLALTDEL", "InteractiveLogon_MachineInactivityLimit", "NetworkSecurity_LANManagerAuthenticationLevel", "UserAccountControl_RunAllAdministratorsInAdminApprovalMode"}},
	{"NetworkIsolation", []string{"EnterpriseCloudResources", "EnterpriseIPRange", "NeutralResources"}},
	{"Notifications", []string{"DisallowCloudNotification", "DisallowNotificationMirroring", "DisallowTileNotification"}},
	{"Power", []string{"AllowStandbyWhenSleepingPluggedIn", "DisplayOffTimeoutOnBattery", "DisplayOffTimeoutPluggedIn", "HibernateTimeoutOnBattery", "StandbyTimeoutOnBattery", "StandbyTimeoutPluggedIn"}},
	{"Search", []string{"AllowCloudSearch", "AllowIndexingEncryptedStoresOrItems", "AllowSearchToUseLocation", "DisableBackoff", "DisableRemovableDriveIndexing", "SafeSearchPermissions"}},
	{"Security", []string{"AllowAddProvisioningPackage", "AllowRemoveProvisioningPackage", "ClearTPMIfNotReady", "PreventAutomaticDeviceEncryptionForAzureADJoinedDevices", "RequireDeviceEncryption", "RequireRetrieveHealthCertificateOnBoot"}},
	{"SmartScreen", []string{"EnableAppInstallControl", "EnableSmartScreenInShell", "PreventOverrideForFilesInShell"}},
	{"Start", []string{"AllowPinnedFolderDocuments", "AllowPinnedFolderDownloads", "AllowPinnedFolderFileExplorer", "AllowPinnedFolderSettings", "HideAppList", "HideFrequentlyUsedApps", "HideHibernate", "HidePeopleBar", "HideRecentJumplists", "NoPinningToTaskbar"}},
	{"Storage", []string{"AllowDiskHealthModelUpdates", "AllowStorageSenseGlobal", "ConfigStorageSenseGlobalCadence", "RemovableDiskDenyWriteAccess"}},
	{"System", []string{"AllowBuildPreview", "AllowEmbeddedMode", "AllowExperimentation", "AllowFontProviders", "AllowLocation", "AllowStorageCard", "AllowTelemetry", "AllowUserToResetPhone", "DisableOneDriveFileSync", "TelemetryProxy"}},
	{"TextInput", []string{"AllowIMELogging", "AllowIMENetworkAccess", "AllowInputPanel", "AllowLanguageFeaturesUninstall", "TouchKeyboardDockedState"}},
	{"TimeLanguageSettings", []string{"ConfigureTimeZone"}},
	{"Update", []string{"ActiveHoursEnd", "ActiveHoursMaxRange", "ActiveHoursStart", "AllowAutoUpdate", "AllowMUUpdateService", "AllowNonMicrosoftSignedUpdate", "AllowUpdateService", "AutoRestartDeadlinePeriodInDays", "BranchReadinessLevel", "ConfigureDeadlineForFeatureUpdates", "ConfigureDeadlineForQualityUpdates", "DeferFeatureUpdatesPeriodInDays", "DeferQualityUpdatesPeriodInDays", "ExcludeWUDriversInQualityUpdate", "ManagePreviewBuilds", "PauseFeatureUpdates", "PauseQualityUpdates", "ScheduledInstallDay", "ScheduledInstallTime", "SetDisablePauseUXAccess", "UpdateNotificationLevel"}},
	{"WiFi", []string{"AllowAutoConnectToWiFiSenseHotspots", "AllowInternetSharing", "AllowManualWiFiConfiguration", "AllowWiFi", "AllowWiFiDirect", "WLANScanMode"}},
	{"WindowsInkWorkspace", []string{"AllowSuggestedAppsInWindowsInkWorkspace", "AllowWindowsInkWorkspace"}},
	{"WirelessDisplay", []string{"AllowProjectionFromPC", "AllowProjectionToPC", "RequirePinForPairing"}},
}

var zones = []string{
	"InternetZone", "IntranetZone", "LocalMachineZone", "LockedDownInternetZone", "LockedDownIntranetZone",
	"LockedDownLocalMachineZone", "LockedDownRestrictedSitesZone", "LockedDownTrustedSitesZone", "RestrictedSitesZone", "TrustedSitesZone",
}

var zoneSettings = []string{
	"AllowAccessToDataSources", "AllowAutomaticPromptingForActiveXControls", "AllowAutomaticPromptingForFileDownloads", "AllowFontDownloads",
	"AllowLessPrivilegedSites", "AllowNETFrameworkReliantComponents", "AllowScriptlets", "AllowSmartScreenIE", "AllowUserDataPersistence",
	"InitializeAndScriptActiveXControls", "NavigateWindowsAndFrames",
}

var privacyTargets = []string{
	"AccountInfo", "Calendar", "CallHistory", "Camera", "Contacts", "Email", "Location", "Messaging", "Microphone", "Motion",
	"Notifications", "Phone", "Radios", "Tasks", "TrustedDevices",
}

var policies = listPolicies()

func listPolicies() []policy {
	var out []policy
	for _, a := range policyNames {
		for _, n := range a.names {
			out = append(out, policy{a.area, n})
		}
		if a.area == "ExploitGuard" { // next in the alphabet
			for _, z := range zones {
				for _, s := range zoneSettings {
					out = append(out, policy{"InternetExplorer", z + s})
				}
			}
		}
		if a.area == "Power" {
			for _, t := range privacyTargets {
				for _, suffix := range []string{"", "_ForceAllowTheseApps", "_ForceDenyTheseApps", "_UserInControlOfTheseApps"} {
					out = append(out, policy{"Privacy", "LetAppsAccess" + t + suffix})
				}
			}
		}
	}
	return out
}
