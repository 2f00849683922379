package problem

import "slices"

// Code names a kind of problem. It is part of the API: a code never changes
// its meaning or its HTTP status.
type Code string

// The problems that are no declines.
const (
	InvalidJSON            Code = "invalid_json"
	InvalidParameter       Code = "invalid_parameter"
	BodyTooLarge           Code = "body_too_large"
	Unauthorized           Code = "unauthorized"
	Forbidden              Code = "forbidden"
	NotFound               Code = "not_found"
	MethodNotAllowed       Code = "method_not_allowed"
	UnsupportedMediaType   Code = "unsupported_media_type"
	WrongState             Code = "wrong_state"
	OverCapture            Code = "over_capture"
	OverRefund             Code = "over_refund"
	WalletClosed           Code = "wallet_closed"
	WalletFull             Code = "wallet_full"
	DuplicateHeader        Code = "duplicate_header"
	IdempotencyKeyReuse    Code = "idempotency_key_reuse"
	IdempotencyInProgress  Code = "idempotency_in_progress"
	IdempotencyKeyConflict Code = "idempotency_key_conflict"
	RateLimited            Code = "rate_limited"
	Overloaded             Code = "overloaded"
	Unavailable            Code = "unavailable"
	GatewayUnavailable     Code = "gateway_unavailable"
	OutcomeUnknown         Code = "outcome_unknown"
	Internal               Code = "internal"
)

// The reasons of a decline; each is also the payment's reason.
const (
	InsufficientFunds  Code = "insufficient_funds"
	GenericDecline     Code = "generic_decline"
	LostCard           Code = "lost_card"
	StolenCard         Code = "stolen_card"
	ExpiredCard        Code = "expired_card"
	IncorrectCVC       Code = "incorrect_cvc"
	ProcessingError    Code = "processing_error"
	VelocityExceeded   Code = "card_velocity_exceeded"
	FraudDetected      Code = "FRAUD_DETECTED"
	AuthenticationFail Code = "authentication_required"
	NotCharged         Code = "gateway_not_charged"
	GatewayRejected    Code = "gateway_rejected"
)

type entry struct {
	status int
	title  string
}

var catalogue = map[Code]entry{
	InvalidJSON:            {400, "The body is not valid JSON"},
	DuplicateHeader:        {400, "A header stands twice"},
	IdempotencyKeyConflict: {400, "Idempotency keys in the header and in the items"},
	Unauthorized:           {401, "No API key, or a wrong one"},
	Forbidden:              {403, "The API key lacks the scope"},
	NotFound:               {404, "There is no such object"},
	MethodNotAllowed:       {405, "The resource has no such method"},
	WrongState:             {409, "The object's state does not allow this"},
	OverCapture:            {409, "More than what is left to capture"},
	OverRefund:             {409, "More than what is left to refund"},
	WalletClosed:           {409, "The wallet takes nothing any more"},
	WalletFull:             {409, "The wallet would hold more than it can"},
	IdempotencyInProgress:  {409, "The first request with this key is under way"},
	BodyTooLarge:           {413, "The body is too large"},
	UnsupportedMediaType:   {415, "The body must be application/json"},
	InvalidParameter:       {422, "A field is not valid"},
	IdempotencyKeyReuse:    {422, "The idempotency key was used with another body"},
	RateLimited:            {429, "Too many requests"},
	Internal:               {500, "Something is wrong on our side"},
	Overloaded:             {503, "Too much is waiting"},
	Unavailable:            {503, "The store cannot be reached"},
	GatewayUnavailable:     {503, "No gateway can take the payment now"},
	OutcomeUnknown:         {503, "The request may have been carried out"},

	InsufficientFunds:  {402, "The card or the wallet has too little"},
	GenericDecline:     {402, "The card was declined"},
	LostCard:           {402, "The card was reported lost"},
	StolenCard:         {402, "The card was reported stolen"},
	ExpiredCard:        {402, "The card has expired"},
	IncorrectCVC:       {402, "The verification code is wrong"},
	ProcessingError:    {402, "The gateway could not process the card"},
	VelocityExceeded:   {402, "The card was used too often"},
	FraudDetected:      {402, "The payment was declined"},
	AuthenticationFail: {402, "The cardholder must authenticate"},
	NotCharged:         {402, "The gateway did not charge"},
	GatewayRejected:    {402, "The gateway refused the request"},
}

// Status returns the code's HTTP status; 500 for an unknown code.
func (c Code) Status() int {
	if e, ok := catalogue[c]; ok {
		return e.status
	}
	return 500
}

// Title returns the code's summary, alike for every occurrence.
func (c Code) Title() string {
	if e, ok := catalogue[c]; ok {
		return e.title
	}
	return catalogue[Internal].title
}

// IsDecline tells whether the code is the reason of a declined payment.
func (c Code) IsDecline() bool { return c.Status() == 402 }

// Codes returns every code, sorted.
func Codes() []Code {
	codes := make([]Code, 0, len(catalogue))
	for code := range catalogue {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
