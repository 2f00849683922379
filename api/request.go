package api

// The types of this file say what requests look like; the decoder reads the
// same members, which a test holds against each other.

// PaymentRequest asks for a payment.
type PaymentRequest struct {
	UserID        int64             `json:"user_id" minimum:"1" doc:"Who pays." example:"42"`
	Amount        int64             `json:"amount" minimum:"1" doc:"In minor units." example:"1099"`
	Currency      string            `json:"currency" doc:"ISO 4217." example:"USD"`
	PaymentMethod string            `json:"payment_method,omitempty" doc:"Its id, wallet, or a test card's name."`
	Confirm       bool              `json:"confirm,omitempty" doc:"Charge it at once." default:"false"`
	CaptureMethod string            `json:"capture_method,omitempty" enum:"automatic,manual" default:"automatic"`
	Purpose       string            `json:"purpose,omitempty" enum:"sale,wallet_topup" default:"sale"`
	OffSession    bool              `json:"off_session,omitempty" doc:"The cardholder is not there." default:"false"`
	ReturnURL     string            `json:"return_url,omitempty" maxLength:"2048" format:"uri"`
	Description   string            `json:"description,omitempty" maxLength:"1000"`
	Metadata      map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"Yours to use."`
	Customer      *Customer         `json:"customer,omitempty"`
	Risk          *Risk             `json:"risk,omitempty"`
}

// Risk is what the fraud score may look at.
type Risk struct {
	IP             string `json:"ip,omitempty" doc:"IPv4 or IPv6." example:"203.0.113.7"`
	Device         string `json:"device,omitempty" maxLength:"128"`
	Terminal       string `json:"terminal,omitempty" maxLength:"128"`
	BillingCountry string `json:"billing_country,omitempty" doc:"ISO 3166-1." minLength:"2" maxLength:"2" example:"DE"`
	OccurredAt     string `json:"occurred_at,omitempty" doc:"When it happened, in a test store only." format:"date-time"`
}

// BatchItem asks for one payment of a batch.
type BatchItem struct {
	PaymentRequest
	IdempotencyKey string `json:"idempotency_key,omitempty" minLength:"1" maxLength:"255"`
}

// BatchRequest asks for many payments. Each succeeds or fails by itself.
type BatchRequest struct {
	Payments []BatchItem `json:"payments" minItems:"1" maxItems:"1000" nullable:"false"`
}

// BatchResult is what became of one item: a payment, or a problem.
type BatchResult struct {
	Index   int      `json:"index" minimum:"0"`
	Payment *Payment `json:"payment,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// BatchResults are the answers of a batch, in its order.
type BatchResults struct {
	Object string        `json:"object" enum:"list"`
	Data   []BatchResult `json:"data" nullable:"false"`
}

// ConfirmRequest charges a payment.
type ConfirmRequest struct {
	PaymentMethod string `json:"payment_method,omitempty" doc:"Instead of the payment's own." example:"pm_card_visa"`
}

// CancelRequest has nothing to say.
type CancelRequest struct{}

// RefundRequest gives money back.
type RefundRequest struct {
	Payment string `json:"payment" example:"pay_0192f3a4b5c67d008123456789abcdef"`
	Amount  int64  `json:"amount,omitempty" minimum:"1" doc:"In minor units; all that is left when it is left out."`
	To      string `json:"to,omitempty" enum:"card,wallet" doc:"Where the money came from when it is left out."`
}

// MethodRequest puts a card into the vault.
type MethodRequest struct {
	UserID int64 `json:"user_id" minimum:"1" doc:"Whose card it is." example:"42"`
	Card   Card  `json:"card"`
}

// Card is a card as its holder types it.
type Card struct {
	Number   string `json:"number" doc:"Spaces and dashes do not matter." example:"4242424242424242"`
	ExpMonth int    `json:"exp_month" minimum:"1" maximum:"12" example:"12"`
	ExpYear  int    `json:"exp_year" minimum:"1000" maximum:"9999" example:"2030"`
	CVC      string `json:"cvc,omitempty" doc:"Checked in form, and never stored." example:"123"`
	Name     string `json:"name,omitempty" maxLength:"100" example:"Ada Lovelace"`
}

// Problem is an error, by RFC 9457.
type Problem struct {
	Type      string   `json:"type" example:"urn:florin:problem:invalid_parameter"`
	Title     string   `json:"title" example:"A field is not valid"`
	Status    int      `json:"status" example:"422"`
	Detail    string   `json:"detail" example:"must be greater than zero"`
	Code      string   `json:"code" doc:"What to tell apart by; a decline's is its reason." example:"invalid_parameter"`
	Param     string   `json:"param,omitempty" doc:"The field at fault, as a path." example:"amount"`
	RequestID string   `json:"request_id,omitempty" doc:"As in X-Request-ID; not in declines, which are replayed."`
	Payment   *Payment `json:"payment,omitempty" doc:"Of a decline: the payment."`
}

// SettingsRequest changes the settings that it names: a simulated gateway's.
type SettingsRequest struct {
	LatencyMS       int     `json:"latency_ms,omitempty" minimum:"0" maximum:"60000" doc:"How long a call takes."`
	DeclineRate     float64 `json:"decline_rate,omitempty" minimum:"0" maximum:"1" doc:"The part that is declined."`
	TimeoutRate     float64 `json:"timeout_rate,omitempty" minimum:"0" maximum:"1" doc:"Done, and never answered."`
	ErrorBeforeRate float64 `json:"error_before_rate,omitempty" minimum:"0" maximum:"1" doc:"Failed without effect."`
	ErrorAfterRate  float64 `json:"error_after_rate,omitempty" minimum:"0" maximum:"1" doc:"Done, and failed then."`
	PendingRate     float64 `json:"pending_rate,omitempty" minimum:"0" maximum:"1" doc:"The outcome is told later."`
	LateMS          int     `json:"late_ms,omitempty" minimum:"0" maximum:"600000" doc:"How much later things come."`
	Down            bool    `json:"down,omitempty" doc:"Every call is refused."`
}
