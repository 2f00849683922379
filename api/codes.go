package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"florin/problem"
)

// codesOf are the operations that may answer with a code, where not every one of
// a form may; codes that are not here are told by the route's form.
var codesOf = map[problem.Code][]string{
	problem.OverCapture:        {"capturePayment", "captureHold"},
	problem.OverRefund:         {"createRefund"},
	problem.WalletClosed:       {"createTransfer"},
	problem.WalletFull:         {"createTransfer"},
	problem.GatewayUnavailable: {"createPayment", "confirmPayment"},
	problem.WrongState: {
		"confirmPayment", "cancelPayment", "capturePayment", "createRefund", "submitEvidence", "captureHold", "releaseHold",
		"configureGateway",
	},
	problem.InsufficientFunds: {
		"createPayment", "confirmPayment", "createRefund", "adjustWallet", "createHold", "createPayout", "createTransfer",
	},
	problem.IdempotencyKeyConflict: {"createPaymentBatch", "createTransferBatch"},
}

// codes lists the codes of a status that the route may answer with.
func (rt *route) codes(status int) []problem.Code {
	var codes []problem.Code
	for _, code := range problem.Codes() {
		if code.Status() == status && rt.may(code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func (rt *route) may(code problem.Code) bool {
	switch code {
	case problem.IdempotencyKeyReuse, problem.IdempotencyInProgress:
		return rt.repeatable()
	case problem.DuplicateHeader:
		return rt.repeatable() || rt.doc.stream
	case problem.InvalidJSON:
		return rt.doc.body != nil
	case problem.OutcomeUnknown:
		return rt.method != http.MethodGet
	case problem.Overloaded:
		return rt.method != http.MethodGet || rt.doc.stream
	default: // below
	}
	if ids, some := codesOf[code]; some {
		return slices.Contains(ids, rt.doc.id)
	}
	if code.IsDecline() {
		return slices.Contains(codesOf[problem.GatewayUnavailable], rt.doc.id)
	}
	return true
}

// exampleName is a code's example in the document.
func exampleName(code problem.Code) string { return "problem_" + strings.ToLower(string(code)) }

// problemExamples has an example of every problem that a route may answer with.
func problemExamples() map[string]*huma.Example {
	examples := map[string]*huma.Example{}
	for _, code := range problem.Codes() {
		if code == problem.MethodNotAllowed {
			continue
		}
		example := Problem{
			Type: urn + string(code), Title: code.Title(), Status: code.Status(), Detail: code.Title(), Code: string(code),
			RequestID: exampleRequest,
		}
		if code.IsDecline() {
			example.RequestID = ""
			example.Payment = declined(string(code))
		}
		examples[exampleName(code)] = &huma.Example{Summary: code.Title(), Value: example}
	}
	return examples
}

// problemResponse describes a status' problems, by their codes.
func problemResponse(r huma.Registry, status int, codes []problem.Code) *huma.Response {
	response := &huma.Response{
		Description: http.StatusText(status), Headers: headerRefs(requestHeader),
		Content: map[string]*huma.MediaType{problemMedia: {
			Schema: schemaOf[Problem](r), Examples: map[string]*huma.Example{},
		}},
	}
	switch status {
	case http.StatusServiceUnavailable:
		response.Headers = headerRefs(requestHeader, retryHeader)
	case http.StatusTooManyRequests:
		response.Headers = headerRefs(requestHeader, retryHeader, rateHeader, policyHeader)
	}
	for _, code := range codes {
		response.Content[problemMedia].Examples[string(code)] = &huma.Example{
			Ref: "#/components/examples/" + exampleName(code),
		}
	}
	return response
}
