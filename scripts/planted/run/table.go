package main

// row is one bug and the test that catches it.
type row struct {
	// plant is what NEXUS_PLANT is set to: one name, or names that do harm together only.
	plant string
	// rule is the rule of PROTOCOL that the bug breaks.
	rule string
	// pkg is the test's package, from the repository's root.
	pkg string
	// test is the name of one top-level test.
	test string
}

// table is ordered by rule. docs/PLANTED.md says what each bug is and in which shape it shows.
var table = []row{
	{"term-start-skipped", "R1", "./raft", "TestLeadership_WaitsForItsOwnMachine"},
	{"verify-leader", "R3", "./raft", "TestRound_CountsVotersOnly"},
	{"read-applied", "R4", "./raft", "TestRead_IndexIsTheCommitIndexNotTheLeadersApplied"},
	{"raft-applied-index", "R4", "./raft", "TestRead_IndexIsTheCommitIndexNotTheLeadersApplied"},
	{"join-sent-round", "R4", "./raft/round", "TestGroup_ServesOnlyThoseWhoArrivedBeforeItWasSent"},
	{"one-global-lane", "R7", "./api/lane", "TestScenario_LanesDoNotWaitForEachOther"},
	{"base-check-skipped", "R8", "./fsm", "TestScenario_WhatStoodBehindARefusedWriteDoesNotLand"},
	{"install-by-stamp", "R8", "./fsm", "TestRehearse_OfferIsInstalledOnlyInItsPlace"},
	{"ddl-beside-lane", "R8", "./api/lane", "TestScenario_ConstraintTakesItsPlaceInTheLane"},
	{"built-index-lost", "R8", "./fsm", "TestScenario_ABuiltIndexIsCarriedOver"},
	{"term-check-skipped", "R8", "./fsm", "TestScenario_CommandOfAnEarlierTermIsRefused"},
	{"answered-early", "R9", "./api/lane", "TestScenario_WhatFoundARefusedWriteIsNotAnswered"},
	{"kept-after-base", "R10", "./fsm", "TestScenario_KeptIDIsLookedUpBeforeBase"},
	{"kept-lookup-off", "R10", "./api/lane", "TestScenario_RetriedKeyIsAnsweredByItsRecord"},
	{"in-flight-off", "R10", "./api/lane", "TestScenario_KeyInFlightWaitsForTheFirst"},
	{"kept-after-base,kept-lookup-off,in-flight-off", "R10", "./api/lane", "TestScenario_KeyInFlightWaitsForTheFirst"},
	{"op-less-forgotten", "R10", "./api/lane", "TestScenario_WriteThatChangedNothingIsRemembered"},
	{"rerun-on-unknown", "R10", "./api", "TestScenario_EntryOnAMajorityWhoseLeaderFell"},
	{"503-by-raft-term", "R10", "./api", "TestScenario_EntryOnAMajorityWhoseLeaderFell"},
	{"forward-again", "R10", "./api", "TestScenario_ForwardedWriteWhoseAnswerIsLost"},
	{"forward-any-term", "R10", "./api", "TestScenario_ForwardOfAnEarlierTermArrivesLate"},
	{"snapshot-unnoticed", "R10", "./fsm", "TestScenario_SnapshotAtTheHolderLeavesTheOutcomeUnknown"},
	{"watch-after-publish", "R10", "./fsm", "TestScenario_WatchIsToldBeforeTheTermIsPublished"},
	{"tx-commit-409-though-applied", "R14", "./api", "TestTransactions_CommitWhoseAnswerIsLost"},
	{"read-set-unchecked", "R15", "./api", "TestTransactions_HistoryIsSerializable"},
	{"rebase-with-draft-ids", "R15", "./api/tx", "TestCommit_BringsNamesNotNumbers"},
	{"absent-reads-untracked", "R15", "./api/tx", "TestCommit_AbsentReadsConflict"},
	{"ranges-untracked", "R15", "./api/tx", "TestCommit_RangeReadsConflict"},
	{"schema-untracked", "R15", "./api/tx", "TestCommit_SchemaReadsConflict"},
	{"existence-of-new-nodes-only", "R15", "./graph", "TestConstraint_AgainstBruteForce"},
	{"prefix-bound-short", "R19", "./graph", "TestIndex_SpansAgainstBruteForce"},
	{"ordered-scan-loses-nulls", "R19", "./graph/cypher/exec", "TestQuery_OrderByIndexIsASort"},
	{"composite-misses-absent", "R19", "./graph/cypher/exec", "TestQuery_SameAnswerUnderEveryRule"},
	{"relationship-index-first-type", "R19", "./graph/cypher/exec", "TestQuery_RelationshipIndexes"},
	{"skipped-record", "R18", "./fsm", "TestScenario_ASkippedRecordIsFound"},
	{"digest-never-recomputed", "R18", "./fsm", "TestScenario_DamageIsFoundByLoad"},
	{"damaged-vote-wins", "R18", "./api/digest", "TestJudge_ByMajorityOfTheVoters"},
	{"majority-of-answers", "R18", "./api/digest", "TestJudge_ByMajorityOfTheVoters"},
	{"learners-uncompared", "R18", "./api/digest", "TestJudge_LearnersAreComparedAndDoNotCount"},
	{"damage-stops-node", "R18", "./fsm", "TestScenario_ATornRecordStopsItsDatabaseAlone"},
	{"adopt-without-log", "R18", "./fsm", "TestAdopt_MakesWholeWhileTheLogGoesOn"},
	{"dropped-goes-on", "R20", "./api", "TestDrop_EndsWhatRuns"},
	{"sort-goes-on", "R20", "./graph/cypher", "TestInterrupt_BitesWhereverAQueryIs/sort"},
	{"never-evicted", "R21", "./fsm", "TestResidency_LeastRecentlyUsedGoFirst"},
	{"evict-pinned", "R21", "./fsm", "TestResidency_PinnedTenantStays"},
	{"install-cold", "R21", "./fsm", "TestApply_ColdTouchesTheStoreOnly"},
	{"checkpoint-without-flush", "R23", "./fsm", "TestScenario_SnapshotHoldsWhatWasApplied"},
	{"restore-check-skipped", "R24", "./fsm", "TestBeforeStart_RepairsACrashBetweenSinkAndRestore"},
	{"crash-before-restore", "R24", "./fsm", "TestBeforeStart_RepairsACrashBetweenSinkAndRestore"},
	{"refuse-after-install", "R24", "./fsm", "TestBeforeStart_HeadersAppliedCounts"},
	{"draining-takes-work", "§9 of ARCHITECTURE", "./api", "TestMembers_Leave"},
	{"drain-waits-for-nothing", "§9 of ARCHITECTURE", "./api", "TestMembers_Leave"},
	{"forget-prefix", "§6 of ARCHITECTURE", "./fsm", "TestScenario_TenantsKeepTheirRecords"},
	{"hub-wrong-tenant", "HIVEHUB", "./hivehub", "TestClient_TriesAgainWhatMayPass"},
	{"hub-event-replayed", "R33", "./hivehub", "TestVerifier_TakesWhatTheHubSignedOnce"},
	{"hub-older-page", "HIVEHUB", "./fsm", "TestHub_RowsMoveForwardOnly"},
	{"hub-suspension-ignored", "HIVEHUB", "./fsm", "TestHub_SuspensionRefusesAtOnce"},
	{"hub-older-row", "HIVEHUB", "./hivehub", "TestReconciler_OlderTwiceAndOutOfOrder"},
	{"hub-revived-key", "HIVEHUB", "./hivehub", "TestReconciler_KeysThatMustNotBeTaken"},
	{"hub-older-usage", "HIVEHUB", "./hivehub/devhub", "TestContract_UsageOfTheHighestSeqStays"},
	{"ledger-settled-twice", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestApply_ALateReportOfADeadProcessCountsNothing"},
	{"ledger-late-report-counted", "R30", "./tenancy/ledger", "TestApply_ALateReportOfADeadProcessCountsNothing"},
	{"ledger-unsettled-replaced", "R30", "./tenancy/ledger", "TestApply_ALeaseIsSettledBeforeTheNextIncarnations"},
	{"ledger-lost-forgotten", "R30", "./tenancy/ledger", "TestApply_WhatAPowerLossHidesIsEnforcedAndNotBilled"},
	{"ledger-grant-unchecked", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestApply_AGrantIsCutToWhatIsLeft"},
	{"ledger-renewed-lease-expired", "R30", "./tenancy/ledger", "TestApply_ARenewedLeaseDoesNotExpire"},
	{"ledger-share-moved-at-once", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestApply_WhatAShareLosesIsNotFreeAtOnce"},
	{"ledger-any-share-given-up", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestScenario_ALateGiveUpDoesNotFreeANewShare"},
	{"ledger-ended-share-used", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestAllowance_LapsesToItsFloor"},
	{"ledger-bucket-starts-full", "§8 of ARCHITECTURE", "./tenancy/ledger", "TestAllowance_StartsEmpty"},
	{"meter-file-forgotten", "R30", "./api/meter", "TestMeter_KillsLoseNothing"},
	{"charge-skipped", "R13", "./api/rest", "TestLimits_EachDoorIsChargedOnce"},
}
