package api

import "net/http"

// route is one thing that is served.
type route struct {
	method, path string
	// scope is the resource that the API key must open; "" for any key.
	scope  string
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

		payments, refunds, methods = "payments", "refunds", "payment_methods" // scopes
		events, gateways           = "events", "gateways"
	)
	return []route{
		{post, v1 + "/payments", payments, false, (*call).createPayment, createPaymentDoc},
		{post, v1 + "/payments/batch", payments, false, (*call).createBatch, createBatchDoc},
		{get, v1 + "/payments", payments, false, (*call).listPayments, listPaymentsDoc},
		{get, v1 + "/payments/{id}", payments, false, (*call).getPayment, getPaymentDoc},
		{get, v1 + "/payments/{id}/timeline", payments, false, (*call).getTimeline, getTimelineDoc},
		{post, v1 + "/payments/{id}/confirm", payments, false, (*call).confirmPayment, confirmPaymentDoc},
		{post, v1 + "/payments/{id}/capture", payments, false, (*call).capturePayment, capturePaymentDoc},
		{post, v1 + "/payments/{id}/cancel", payments, false, (*call).cancelPayment, cancelPaymentDoc},

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

		{get, v1 + "/events", events, false, (*call).listEvents, listEventsDoc},
		{get, v1 + "/gateways", gateways, false, (*call).listGateways, listGatewaysDoc},
		{get, v1 + "/gateways/{name}", gateways, false, (*call).getGateway, getGatewayDoc},
		{patch, v1 + "/gateways/{name}", gateways, false, (*call).patchGateway, patchGatewayDoc},
		{get, v1 + "/shards", "", false, (*call).listShards, listShardsDoc},

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
