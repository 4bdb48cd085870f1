package treegen

import "strings"

// words are used in names and descriptions.
var words = strings.Fields(`
access account address admission agent alert allow annotation api application archive audit
auth balance bandwidth base batch bind block bootstrap branch broker bucket budget buffer build
bundle cache calendar canary catalog certificate channel check claim client cloud cluster code
collect column command commit compute condition config connect console consumer container
context control copy core cost count credential cron current custom daemon dashboard data
database deadline debug default delay delete deliver deploy depth device digest disk dispatch
domain drain driver duration edge email enable encode endpoint engine entry environment error
event evict exec export external failure feature fetch field file filter finance flag flow
folder format forward frontend gateway group guard handler header health heap history home hook
host identity ignore image import index ingress init input insert instance interval inventory
invoice issue item job journal kernel key label latency launch layer leader lease ledger level
library limit link list listen load local lock log login mail manager map marker master match
measure media member memory merge message metric migrate mirror mode model module monitor mount
name native network node notify number object offset operator option order origin output owner
package page parent parse partition patch path payment peer pending permission phase pipeline
plan platform plugin policy poll pool port prefix price priority private probe process product
profile progress project prompt property provider proxy public publish pull push quality query
queue quota rate ready record recover redirect reference refresh region register registry
release reload remote render replica report request reserve resolve resource response restart
result retain retry return review revision role rollout root route rule runtime sample scale
schedule schema scope search secret section security select sensor sequence server service
session setting shard share shipment signal site snapshot socket source stage standby start
state status step storage store stream string subject submit subnet subscribe suffix summary
switch sync system table tag target task team template tenant terminate test thread threshold
throttle ticket time token tool topic trace traffic transfer transform trigger trust tunnel
type update upload usage user validate value vault vendor verify version view volume wait
warehouse watch web webhook weight window worker workflow workspace write zone
`)
