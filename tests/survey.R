# What R's survey package says of boxes drawn in clusters: one line a number with its standard error.
# Rscript survey.R BOXES.csv IMAGES.csv
#
# Boxes: cluster, weight, gender, flag, size; `box` is 0 for an image without any, kept for its
# sampling unit. Images: cluster, weight, boxes, feminine (boxes of the group).
suppressPackageStartupMessages(library(survey))
files <- commandArgs(trailingOnly = TRUE)

say <- function(name, estimate) {
  cat(sprintf("%s,%.17g,%.17g\n", name, as.numeric(coef(estimate)), as.numeric(SE(estimate))), sep = "")
}

every <- svydesign(ids = ~cluster, weights = ~weight, data = read.csv(files[1], na.strings = ""))
boxes <- subset(every, box == 1)
groups <- sort(unique(boxes$variables$gender))

for (group in groups) {
  say(paste0("share ", group), svyratio(~I((gender == group) * 1), ~I(box * 1), boxes))
}
say("rate overall", svymean(~flag, boxes))
say("mean overall", svymean(~size, boxes))
for (group in groups) {
  domain <- subset(boxes, gender == group)
  say(paste0("rate ", group), svymean(~flag, domain))
  say(paste0("mean ", group), svymean(~size, domain))
  sides <- svyby(~flag, ~I(gender == group), boxes, svymean, covmat = TRUE)
  say(paste0("gap ", group), svycontrast(sides, c(-1, 1)))
  say(paste0("ratio ", group), svycontrast(sides, quote(`TRUE` / `FALSE`)))
}

images <- svydesign(ids = ~cluster, weights = ~weight, data = read.csv(files[2]))
say("image share overall", svymean(~I((boxes > 0) * 1), images))
say("image share F", svymean(~I((feminine > 0) * 1), images))
say("boxes overall", svymean(~boxes, subset(images, boxes > 0)))
say("boxes F", svymean(~feminine, subset(images, feminine > 0)))
