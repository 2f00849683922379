package vault

import (
	"slices"
	"strings"

	"florin/problem"
)

// AlwaysBlocked is the test number that is fraud by definition: it is scored
// so high that it is declined before a gateway hears of it.
const AlwaysBlocked = "4100000000000019"

// The expiry of every test card: far, and yet ParseCard takes it until then.
const (
	testExpMonth = 12
	testExpYear  = 2070
)

// outcomes lists the test numbers that do not simply approve.
var outcomes = map[string]problem.Code{
	"4000000000000002": problem.GenericDecline,
	"4000000000009995": problem.InsufficientFunds,
	"4000000000009987": problem.LostCard,
	"4000000000009979": problem.StolenCard,
	"4000000000000069": problem.ExpiredCard,
	"4000000000000127": problem.IncorrectCVC,
	"4000000000000119": problem.ProcessingError,
	"4000000000006975": problem.VelocityExceeded,
	"4000000000000341": problem.GenericDecline, // declines only once it is stored
	AlwaysBlocked:      problem.FraudDetected,

	// 3-D Secure.
	"4000002500003155": problem.AuthenticationFail, // unless set up
	"4000002760003184": problem.AuthenticationFail, // always
	"4000003800000446": problem.AuthenticationFail, // on session
	"4000008260003178": problem.AuthenticationFail, // and then declines
	"4000000000003220": problem.AuthenticationFail,
	"4000008400000027": problem.AuthenticationFail,
	"4000008400001629": problem.AuthenticationFail, // and then declines
	"4000008400001280": problem.GenericDecline,     // the lookup fails
	"4000582600000094": problem.AuthenticationFail, // out of band
	"4000582600000045": problem.AuthenticationFail, // one-time code
	"4000582600000102": problem.AuthenticationFail, // single select
	"4000582600000110": problem.AuthenticationFail, // multi select
}

// TestBehaviour tells what a test number answers when it is charged: the reason
// of its decline, false for one that approves. AuthenticationFail means that
// the cardholder must authenticate first: a gateway that can ask for it answers
// requires_action instead, and TestAfterAuthentication says how it goes on.
//
// The numbers and their meanings are from https://docs.stripe.com/testing. What
// Stripe leaves to its Radar settings (4000000000004954 and the address, code
// and risk checks) approves: a test store declines by AlwaysBlocked alone.
func TestBehaviour(number string) (problem.Code, bool) {
	code, ok := outcomes[number]
	return code, ok
}

// TestAfterAuthentication tells what a number for which TestBehaviour says
// AuthenticationFail answers once the cardholder has authenticated: the reason
// of its decline, false for one that then approves.
func TestAfterAuthentication(number string) (problem.Code, bool) {
	switch number {
	case "4000008260003178":
		return problem.InsufficientFunds, true
	case "4000008400001629":
		return problem.GenericDecline, true
	}
	return "", false
}

// TestSetUp tells whether a number for which TestBehaviour says
// AuthenticationFail counts as set up already: off session it approves.
func TestSetUp(number string) bool { return number == "4000003800000446" }

// TestDispute tells the reason for which a test number's charges are disputed
// right after they were captured; false for one that nobody disputes.
func TestDispute(number string) (reason string, ok bool) {
	switch number {
	case "4000000000000259", "4000000000001976", "4000000404000079", "4000000404000038":
		return "fraudulent", true
	case "4000000000002685":
		return "product_not_received", true
	case "4000008400000779":
		return "noncompliant", true
	}
	return "", false
}

// TestRefundsPend tells whether a test number's refunds are pending at first and
// succeed later.
func TestRefundsPend(number string) bool { return number == "4000000000007726" }

// TestRefundsFail tells whether a test number's refunds succeed at first and fail
// later.
func TestRefundsFail(number string) bool { return number == "4000000000005126" }

// methods are Stripe's names without "pm_card_", each with its number. Stripe
// writes some declines with "visa_" and some without; both work for all.
var methods = parseMethods(`
	visa 4242424242424242  visa_debit 4000056655665556
	mastercard 5555555555554444  mastercard_debit 5200828282828210  mastercard_prepaid 5105105105105100
	amex 378282246310005  discover 6011111111111117  diners 3056930009020004
	jcb 3566002020360505  unionpay 6200000000000005
	visa_cartesBancaires 4000002500001001  mastercard_cartesBancaires 5555552500001001
	visa_debit_eftposAuCoBranded 4000050360000001  mastercard_debit_eftposAuCoBranded 5555050360000080
	debit_visaFsaProductCode 4000051230000072  debit_visaHsaProductCode 4000051230000072
	mastercard_debit_mastercardFsaProductCode 5200828282828897

	chargeDeclined 4000000000000002  chargeDeclinedInsufficientFunds 4000000000009995
	chargeDeclinedLostCard 4000000000009987  chargeDeclinedStolenCard 4000000000009979
	chargeDeclinedExpiredCard 4000000000000069  chargeDeclinedIncorrectCvc 4000000000000127
	chargeDeclinedProcessingError 4000000000000119  chargeDeclinedVelocityLimitExceeded 4000000000006975
	chargeDeclinedFraudulent 4100000000000019  chargeCustomerFail 4000000000000341

	radarBlock 4100000000000019  riskLevelHighest 4000000000004954  riskLevelElevated 4000000000009235
	cvcCheckFail 4000000000000101  cvcCheckFailElevatedRisk 4000058400307872
	avsZipFail 4000000000000036  avsZipFailElevatedRisk 4000058400306072  avsLine1Fail 4000000000000028
	avsFail 4000000000000010  avsUnchecked 4000000000000044

	createDispute 4000000000000259  createDisputeProductNotReceived 4000000000002685
	createDisputeInquiry 4000000000001976  createIssuerFraudRecord 4000000000005423
	createMultipleDisputes 4000000404000079  createCe3EligibleDispute 4000000404000038
	createComplianceDispute 4000008400000779
	pendingRefund 4000000000007726  refundFail 4000000000005126
	bypassPending 4000000000000077  bypassPendingInternational 4000003720000278

	authenticationRequiredOnSetup 4000002500003155  authenticationRequired 4000002760003184
	authenticationRequiredSetupForOffSession 4000003800000446
	authenticationRequiredChargeDeclinedInsufficientFunds 4000008260003178
	threeDSecure2Required 4000000000003220  threeDSecureRequired 4000000000003220
	threeDSecureRequiredChargeDeclined 4000008400001629
	threeDSecureRequiredProcessingError 4000008400001280
	threeDSecureOptional 4000000000003055  threeDSecureOptionalProcessingError 4000000000003097
	amex_threeDSecureNotSupported 378282246310005

	us 4242424242424242  ar 4000000320000021  br 4000000760000002  ca 4000001240000000  cl 4000001520000001
	co 4000001700000003  cr 4000001880000005  ec 4000002180000000  mx 4000004840008001  pa 4000005910000000
	py 4000006000000066  pe 4000006040000068  uy 4000008580000003
	ae 4000007840000001  ae_mastercard 5200007840000022  at 4000000400000008  be 4000000560000004
	bg 4000001000000000  by 4000001120000005  hr 4000001910000009  cy 4000001960000008  cz 4000002030000002
	dk 4000002080000001  ee 4000002330000009  fi 4000002460000001  fr 4000002500000003  de 4000002760000016
	gi 4000002920000005  gr 4000003000000030  hu 4000003480000005  ie 4000003720000005  it 4000003800000008
	lv 4000004280000005  li 4000004380000004  lt 4000004400000000  lu 4000004420000006  mt 4000004700000007
	nl 4000005280000002  no 4000005780000007  pl 4000006160000005  pt 4000006200000007  ro 4000006420000001
	si 4000007050000006  sk 4000007030000001  es 4000007240000007  se 4000007520000008  ch 4000007560000009
	gb 4000008260000000  gb_debit 4000058260000005  gb_mastercard 5555558265554449
	au 4000000360000006  cn 4000001560000002  hk 4000003440000004  in 4000003560000008  jp 4000003920000003
	my 4000004580000002  nz 4000005540000008  sg 4000007020000003  tw 4000001580000008
	th_credit 4000007640000003  th_debit 4000057640000008
`)

const methodPrefix = "pm_card_"

func parseMethods(table string) map[string]string {
	numbers := map[string]string{}
	fields := strings.Fields(table)
	for i := 0; i < len(fields); i += 2 {
		name, number := fields[i], fields[i+1]
		numbers[methodPrefix+name] = number
		if strings.HasPrefix(name, "charge") {
			numbers[methodPrefix+"visa_"+name] = number
		}
	}
	return numbers
}

// TestMethod returns the card behind one of Stripe's test payment method names,
// such as "pm_card_visa", in Stripe's capitals; false for any other name. The
// card has a far expiry, no code and no name.
func TestMethod(name string) (Card, bool) {
	number, ok := methods[name]
	if !ok {
		return Card{}, false
	}
	return Card{Number: number, ExpMonth: testExpMonth, ExpYear: testExpYear}, true
}

// TestMethods returns every name that TestMethod knows, sorted.
func TestMethods() []string {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
