package api

import (
	"net/http"
	"slices"

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

// repeatable says whether the route takes an Idempotency-Key: every POST with an
// API key does.
func (rt *route) repeatable() bool { return rt.method == post && !rt.open }

// writes says whether the route may change something in the store.
func (rt *route) writes() bool { return !rt.open && rt.method != get }

// The methods, and what the API's own paths begin with.
const (
	get, post, patch, remove = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

	v1 = "/api/v1"
)

// routes lists everything that is served.
func routes() []route {
	return slices.Concat(paymentRoutes(), walletRoutes(), systemRoutes())
}

// paymentRoutes are those of payments, refunds, disputes and payment methods.
func paymentRoutes() []route {
	return []route{
		{post, v1 + "/payments", access.Payments, false, (*call).createPayment, createPaymentDoc},
		{post, v1 + "/payments/batch", access.Payments, false, (*call).createBatch, createBatchDoc},
		{get, v1 + "/payments", access.Payments, false, (*call).listPayments, listPaymentsDoc},
		{get, v1 + "/payments/{id}", access.Payments, false, (*call).getPayment, getPaymentDoc},
		{get, v1 + "/payments/{id}/timeline", access.Payments, false, (*call).getTimeline, getTimelineDoc},
		{get, v1 + "/payments/{id}/routing", access.Payments, false, (*call).getRouting, getRoutingDoc},
		{post, v1 + "/payments/{id}/confirm", access.Payments, false, (*call).confirmPayment, confirmPaymentDoc},
		{post, v1 + "/payments/{id}/capture", access.Payments, false, (*call).capturePayment, capturePaymentDoc},
		{post, v1 + "/payments/{id}/cancel", access.Payments, false, (*call).cancelPayment, cancelPaymentDoc},

		{get, v1 + "/batches/{id}", access.Payments, false, (*call).getBatch, getBatchDoc},
		{get, v1 + "/batches/{id}/results", access.Payments, false, (*call).getBatchResults, getBatchResultsDoc},

		{post, v1 + "/refunds", access.Refunds, false, (*call).createRefund, createRefundDoc},
		{get, v1 + "/refunds", access.Refunds, false, (*call).listRefunds, listRefundsDoc},
		{get, v1 + "/refunds/{id}", access.Refunds, false, (*call).getRefund, getRefundDoc},

		{get, v1 + "/disputes", access.Payments, false, (*call).listDisputes, listDisputesDoc},
		{get, v1 + "/disputes/{id}", access.Payments, false, (*call).getDispute, getDisputeDoc},
		{post, v1 + "/disputes/{id}/evidence", access.Payments, false, (*call).submitEvidence, submitEvidenceDoc},

		{post, v1 + "/payment_methods", access.Payments, false, (*call).createMethod, createMethodDoc},
		{get, v1 + "/payment_methods", access.Payments, false, (*call).listMethods, listMethodsDoc},
		{get, v1 + "/payment_methods/{id}", access.Payments, false, (*call).getMethod, getMethodDoc},
		{remove, v1 + "/payment_methods/{id}", access.Payments, false, (*call).deleteMethod, deleteMethodDoc},
	}
}

// walletRoutes are those of transfers, wallets, holds, payouts, the ledger and
// reports.
func walletRoutes() []route {
	return []route{
		{post, v1 + "/transfers", access.Wallets, false, (*call).createTransfer, createTransferDoc},
		{post, v1 + "/transfers/batch", access.Wallets, false, (*call).createTransferBatch, createTransferBatchDoc},
		{get, v1 + "/transfers", access.Wallets, false, (*call).listTransfers, listTransfersDoc},
		{get, v1 + "/transfers/{id}", access.Wallets, false, (*call).getTransfer, getTransferDoc},

		{get, v1 + "/wallets/{user_id}", access.Wallets, false, (*call).getWallet, getWalletDoc},
		{post, v1 + "/wallets/{user_id}/adjustments", access.Wallets, false, (*call).adjustWallet, adjustWalletDoc},
		{post, v1 + "/wallets/{user_id}/holds", access.Wallets, false, (*call).createHold, createHoldDoc},
		{get, v1 + "/wallets/{user_id}/holds", access.Wallets, false, (*call).listHolds, listHoldsDoc},
		{get, v1 + "/wallets/{user_id}/holds/{id}", access.Wallets, false, (*call).getHold, getHoldDoc},
		{post, v1 + "/wallets/{user_id}/holds/{id}/capture", access.Wallets, false, (*call).captureHold, captureHoldDoc},
		{post, v1 + "/wallets/{user_id}/holds/{id}/release", access.Wallets, false, (*call).releaseHold, releaseHoldDoc},

		{post, v1 + "/payouts", access.Wallets, false, (*call).createPayout, createPayoutDoc},
		{get, v1 + "/payouts", access.Wallets, false, (*call).listPayouts, listPayoutsDoc},
		{get, v1 + "/payouts/{id}", access.Wallets, false, (*call).getPayout, getPayoutDoc},

		{post, v1 + "/settlements", access.Admin, false, (*call).createSettlement, createSettlementDoc},

		{get, v1 + "/ledger/accounts", access.Read, false, (*call).listAccounts, listAccountsDoc},
		{get, v1 + "/ledger/accounts/{name}", access.Read, false, (*call).getAccount, getAccountDoc},
		{get, v1 + "/ledger/accounts/{name}/entries", access.Read, false, (*call).listEntries, listEntriesDoc},
		{get, v1 + "/ledger/trial_balance", access.Read, false, (*call).trialBalance, trialBalanceDoc},

		{get, v1 + "/reports/payments", access.Read, false, (*call).reportPayments, reportPaymentsDoc},
	}
}

// systemRoutes are those of events and gateways, and those that need no key.
func systemRoutes() []route {
	return []route{
		{get, v1 + "/events", access.Read, false, (*call).listEvents, listEventsDoc},
		{get, v1 + "/events/stream", access.Read, false, (*call).streamEvents, streamEventsDoc},
		{get, v1 + "/gateways", access.Read, false, (*call).listGateways, listGatewaysDoc},
		{get, v1 + "/gateways/{name}", access.Read, false, (*call).getGateway, getGatewayDoc},
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
