package api

import (
	"net/http"

	"florin/access"
)

// route is one thing that is served.
type route struct {
	method, path string
	// scope is what the API key must have; a GET is also open to access.Read.
	// Every route has one, but for those that are open.
	scope  access.Scope
	open   bool // needs no key
	handle func(*call) error
	doc    operation
}

// pattern is the route as http.ServeMux and the metrics know it.
func (rt *route) pattern() string { return rt.method + " " + rt.path }

// routes lists everything that is served.
func routes() []route {
	const (
		get, post, patch, remove = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
		v1                       = "/api/v1"

		payments, refunds, methods = access.Payments, access.Refunds, access.Payments // scopes
		events, gateways           = access.Read, access.Read
		wallets, ledger            = access.Wallets, access.Read
	)
	return []route{
		{post, v1 + "/payments", payments, false, (*call).createPayment, createPaymentDoc},
		{post, v1 + "/payments/batch", payments, false, (*call).createBatch, createBatchDoc},
		{get, v1 + "/payments", payments, false, (*call).listPayments, listPaymentsDoc},
		{get, v1 + "/payments/{id}", payments, false, (*call).getPayment, getPaymentDoc},
		{get, v1 + "/payments/{id}/timeline", payments, false, (*call).getTimeline, getTimelineDoc},
		{get, v1 + "/payments/{id}/routing", payments, false, (*call).getRouting, getRoutingDoc},
		{post, v1 + "/payments/{id}/confirm", payments, false, (*call).confirmPayment, confirmPaymentDoc},
		{post, v1 + "/payments/{id}/capture", payments, false, (*call).capturePayment, capturePaymentDoc},
		{post, v1 + "/payments/{id}/cancel", payments, false, (*call).cancelPayment, cancelPaymentDoc},

		{get, v1 + "/batches/{id}", payments, false, (*call).getBatch, getBatchDoc},
		{get, v1 + "/batches/{id}/results", payments, false, (*call).getBatchResults, getBatchResultsDoc},

		{post, v1 + "/refunds", refunds, false, (*call).createRefund, createRefundDoc},
		{get, v1 + "/refunds", refunds, false, (*call).listRefunds, listRefundsDoc},
		{get, v1 + "/refunds/{id}", refunds, false, (*call).getRefund, getRefundDoc},

		{get, v1 + "/disputes", payments, false, (*call).listDisputes, listDisputesDoc},
		{get, v1 + "/disputes/{id}", payments, false, (*call).getDispute, getDisputeDoc},
		{post, v1 + "/disputes/{id}/evidence", payments, false, (*call).submitEvidence, submitEvidenceDoc},

		{post, v1 + "/payment_methods", methods, false, (*call).createMethod, createMethodDoc},
		{get, v1 + "/payment_methods", methods, false, (*call).listMethods, listMethodsDoc},
		{get, v1 + "/payment_methods/{id}", methods, false, (*call).getMethod, getMethodDoc},
		{remove, v1 + "/payment_methods/{id}", methods, false, (*call).deleteMethod, deleteMethodDoc},

		{post, v1 + "/transfers", "wallets", false, (*call).createTransfer, createTransferDoc},
		{post, v1 + "/transfers/batch", "wallets", false, (*call).createTransferBatch, createTransferBatchDoc},
		{get, v1 + "/transfers", "wallets", false, (*call).listTransfers, listTransfersDoc},
		{get, v1 + "/transfers/{id}", "wallets", false, (*call).getTransfer, getTransferDoc},
		{get, v1 + "/wallets/{user_id}", wallets, false, (*call).getWallet, getWalletDoc},
		{post, v1 + "/wallets/{user_id}/adjustments", wallets, false, (*call).adjustWallet, adjustWalletDoc},
		{post, v1 + "/wallets/{user_id}/holds", wallets, false, (*call).createHold, createHoldDoc},
		{get, v1 + "/wallets/{user_id}/holds", wallets, false, (*call).listHolds, listHoldsDoc},
		{get, v1 + "/wallets/{user_id}/holds/{id}", wallets, false, (*call).getHold, getHoldDoc},
		{post, v1 + "/wallets/{user_id}/holds/{id}/capture", wallets, false, (*call).captureHold, captureHoldDoc},
		{post, v1 + "/wallets/{user_id}/holds/{id}/release", wallets, false, (*call).releaseHold, releaseHoldDoc},
		{post, v1 + "/payouts", wallets, false, (*call).createPayout, createPayoutDoc},
		{get, v1 + "/payouts", wallets, false, (*call).listPayouts, listPayoutsDoc},
		{get, v1 + "/payouts/{id}", wallets, false, (*call).getPayout, getPayoutDoc},

		{get, v1 + "/ledger/accounts", ledger, false, (*call).listAccounts, listAccountsDoc},
		{get, v1 + "/ledger/accounts/{name}", ledger, false, (*call).getAccount, getAccountDoc},
		{get, v1 + "/ledger/accounts/{name}/entries", ledger, false, (*call).listEntries, listEntriesDoc},
		{get, v1 + "/ledger/trial_balance", ledger, false, (*call).trialBalance, trialBalanceDoc},

		{get, v1 + "/events", events, false, (*call).listEvents, listEventsDoc},
		{get, v1 + "/events/stream", events, false, (*call).streamEvents, streamEventsDoc},
		{get, v1 + "/gateways", gateways, false, (*call).listGateways, listGatewaysDoc},
		{get, v1 + "/gateways/{name}", gateways, false, (*call).getGateway, getGatewayDoc},
		{patch, v1 + "/gateways/{name}", access.Admin, false, (*call).patchGateway, patchGatewayDoc},
		{get, v1 + "/shards", access.Read, false, (*call).listShards, listShardsDoc},

		{get, "/simulated/{gateway}/challenge/{operation}", "", true, (*call).showChallenge, showChallengeDoc},
		{post, "/simulated/{gateway}/challenge/{operation}", "", true, (*call).endChallenge, endChallengeDoc},

		{get, "/health", "", true, (*call).health, healthDoc},
		{get, "/livez", "", true, (*call).livez, livezDoc},
		{get, "/readyz", "", true, (*call).readyz, readyzDoc},
		{get, "/metrics", "", true, (*call).metrics, metricsDoc},
		{get, "/openapi.json", "", true, (*call).openapi, openapiDoc},
		{get, "/docs", "", true, (*call).docs, docsDoc},
	}
}
