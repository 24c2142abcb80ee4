//! The graph of the attack chains: where an attacker starts, which findings he uses, what he reaches. Findings that several
//! chains share are drawn once; those of the cheapest cut are marked.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Chain, Finding, Review};

use super::{Canvas, bold, wrap};

/// Chains drawn; further ones are told in words only.
const DRAWN: usize = 10;
const BOX: (i32, i32) = (218, 92);
const JOIN: i32 = 22;
const GAP: (i32, i32) = (70, 20);
const TOP: i32 = 34;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Start(String),
    Finding(String),
    /// A condition that nobody has looked at.
    Condition(String),
    /// Everything that leads here is needed together.
    Join(Vec<Node>),
    Loss(String),
    /// A line on its way through a column: from, to, column.
    Way(Box<Node>, Box<Node>, usize),
}

/// Nodes and the lines between them.
#[derive(Default)]
struct Graph {
    edges: BTreeSet<(Node, Node)>,
}

impl Graph {
    fn add(&mut self, chain: &Chain) {
        let start = Node::Start(chain.start.clone());
        // What stands for each step: itself, or what it only passes on.
        let mut nodes: Vec<Node> = Vec::new();
        // What only makes a step easier is no link; it stands behind all that are.
        for step in chain.steps.iter().filter(|step| !step.eases) {
            let mut from: Vec<Node> = step.needs.iter().filter_map(|&need| nodes.get(need).cloned()).collect();
            if step.begins {
                from.push(start.clone());
            }
            from.sort();
            from.dedup();
            let node = match (&step.finding, from.len()) {
                (Some(id), _) => Node::Finding(id.clone()),
                (None, 0) => Node::Condition(step.text.clone()),
                (None, 1) => {
                    nodes.extend(from);
                    continue;
                }
                (None, _) => Node::Join(from.clone()),
            };
            for before in from {
                // A finding that is used twice in a chain does not lead to itself.
                if before != node && !self.leads(&node, &before) {
                    self.edges.insert((before, node.clone()));
                }
            }
            nodes.push(node);
        }
        if let Some(last) = nodes.pop() {
            self.edges.insert((last, Node::Loss(chain.impact.clone())));
        }
    }

    fn leads(&self, from: &Node, to: &Node) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut stack = vec![from];
        while let Some(node) = stack.pop() {
            if node == to {
                return true;
            }
            stack.extend(
                self.edges
                    .iter()
                    .filter(|(before, _)| before == node)
                    .map(|(_, after)| after)
                    .filter(|after| seen.insert(*after)),
            );
        }
        false
    }

    /// The column of every node: behind everything that leads to it, and no further ahead of what it leads to than needed.
    fn columns(&self) -> BTreeMap<Node, usize> {
        let mut columns: BTreeMap<Node, usize> = BTreeMap::new();
        for (from, to) in &self.edges {
            columns.entry(from.clone()).or_insert(0);
            columns.entry(to.clone()).or_insert(0);
        }
        // Longest ways; there are no circles, so that this ends.
        for _ in 0..columns.len() {
            for (from, to) in &self.edges {
                let least = columns[from] + 1;
                if let Some(column) = columns.get_mut(to).filter(|column| **column < least) {
                    *column = least;
                }
            }
        }
        let last = columns.values().copied().max().unwrap_or(0);
        let ends: Vec<Node> = columns.keys().cloned().collect();
        for node in ends {
            let place = match node {
                Node::Loss(..) => last,
                // What is simply missing stands beside what needs it.
                Node::Finding(_) | Node::Condition(_) if !self.edges.iter().any(|(_, to)| *to == node) => {
                    let after = self.edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| columns[to]);
                    after.min().unwrap_or(1).saturating_sub(1)
                }
                _ => continue,
            };
            columns.insert(node, place);
        }
        columns
    }
}

/// Lines that cross several columns get a place in each.
fn with_ways(graph: &Graph, columns: &mut BTreeMap<Node, usize>) -> BTreeSet<(Node, Node)> {
    let mut out = BTreeSet::new();
    for (from, to) in &graph.edges {
        let mut before = from.clone();
        for column in columns[from] + 1..columns[to] {
            let way = Node::Way(Box::new(from.clone()), Box::new(to.clone()), column);
            columns.insert(way.clone(), column);
            out.insert((before, way.clone()));
            before = way;
        }
        out.insert((before, to.clone()));
    }
    out
}

fn height(node: &Node) -> i32 {
    match node {
        Node::Join(_) => JOIN,
        Node::Way(..) => 8,
        _ => BOX.1,
    }
}

/// The order within columns, so that lines cross seldom: each node near the middle of its neighbours.
fn order(columns: &BTreeMap<Node, usize>, edges: &BTreeSet<(Node, Node)>) -> Vec<Vec<Node>> {
    let count = columns.values().copied().max().unwrap_or(0) + 1;
    let mut order: Vec<Vec<Node>> = vec![Vec::new(); count];
    for (node, column) in columns {
        order[*column].push(node.clone());
    }
    let before: BTreeMap<&Node, Vec<&Node>> = neighbours(edges.iter().map(|(from, to)| (to, from)));
    let after: BTreeMap<&Node, Vec<&Node>> = neighbours(edges.iter().map(|(from, to)| (from, to)));
    for sweep in 0..8 {
        let (sides, forward) = if sweep % 2 == 0 { (&before, true) } else { (&after, false) };
        let indices: Vec<usize> =
            if forward { (1..count).collect() } else { (0..count.saturating_sub(1)).rev().collect() };
        for at in indices {
            let beside = if forward { &order[at - 1] } else { &order[at + 1] };
            let place: BTreeMap<&Node, usize> = beside.iter().enumerate().map(|(at, node)| (node, at)).collect();
            let mut keyed: Vec<(usize, usize, Node)> = order[at]
                .iter()
                .enumerate()
                .map(|(own, node)| {
                    let places: Vec<usize> =
                        sides.get(node).into_iter().flatten().filter_map(|near| place.get(near).copied()).collect();
                    let middle =
                        if places.is_empty() { own * 1000 } else { places.iter().sum::<usize>() * 1000 / places.len() };
                    (middle, own, node.clone())
                })
                .collect();
            keyed.sort();
            order[at] = keyed.into_iter().map(|(_, _, node)| node).collect();
        }
    }
    order
}

fn neighbours<'a>(pairs: impl Iterator<Item = (&'a Node, &'a Node)>) -> BTreeMap<&'a Node, Vec<&'a Node>> {
    let mut out: BTreeMap<&Node, Vec<&Node>> = BTreeMap::new();
    for (node, near) in pairs {
        out.entry(node).or_default().push(near);
    }
    out
}

/// Draws the chains. `anchors` are the places of findings on the page.
pub(crate) fn svg(review: &Review, anchors: &BTreeMap<&str, String>, alone: bool) -> Option<String> {
    let drawn: Vec<&Chain> = review.chains.iter().filter(|chain| !chain.steps.is_empty()).take(DRAWN).collect();
    if drawn.is_empty() {
        return None;
    }
    let mut graph = Graph::default();
    for chain in &drawn {
        graph.add(chain);
    }
    let mut columns = graph.columns();
    let edges = with_ways(&graph, &mut columns);
    let order = order(&columns, &edges);
    let high = |nodes: &Vec<Node>| nodes.iter().map(|node| height(node) + GAP.1).sum::<i32>() - GAP.1;
    let tallest = order.iter().map(high).max().unwrap_or(0);
    let mut at: BTreeMap<&Node, (i32, i32)> = BTreeMap::new();
    for (column, nodes) in order.iter().enumerate() {
        let x = i32::try_from(column).unwrap_or(0) * (BOX.0 + GAP.0);
        let mut y = TOP + (tallest - high(nodes)) / 2;
        for node in nodes {
            at.insert(node, (x, y));
            y += height(node) + GAP.1;
        }
    }
    let mut canvas = Canvas::new();
    let columns = i32::try_from(order.len()).unwrap_or(1);
    let width = columns * (BOX.0 + GAP.0) - GAP.0;
    canvas.text("column", (0, 18), "Who");
    canvas.text("column", (BOX.0 + GAP.0, 18), "uses these findings");
    canvas.text("column", (width - BOX.0, 18), "and reaches");
    for (from, to) in &edges {
        let ((x, y), (to_x, to_y)) = (at[from], at[to]);
        let begin = (x + BOX.0, y + height(from) / 2);
        let end = (to_x, to_y + height(to) / 2);
        // Through a column as a straight line, between columns as a curve: nothing runs beneath a box.
        let half = (begin.0 + end.0) / 2;
        let first = match from {
            Node::Join(_) => x + BOX.0 / 2 + JOIN / 2,
            _ => begin.0,
        };
        let mut line =
            format!("M{first} {}H{}C{half} {} {half} {} {} {}", begin.1, begin.0, begin.1, end.1, end.0, end.1);
        let last = match to {
            Node::Way(..) => to_x + BOX.0,
            Node::Join(_) => to_x + BOX.0 / 2 - JOIN / 2,
            _ => to_x,
        };
        if last != to_x {
            line.push_str(&format!("H{last}"));
        }
        canvas.path("way", &line);
        if !matches!(to, Node::Way(..)) {
            canvas.tip("way-tip", (last, end.1));
        }
    }
    let findings: BTreeMap<&str, &Finding> =
        review.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
    for (node, &place) in &at {
        draw(&mut canvas, review, node, place, &findings, anchors);
    }
    let more = review.chains.len() - drawn.len();
    let height = TOP + tallest + 12;
    if more > 0 {
        canvas.text("small", (0, height + 8), &format!("{more} further chains are told below only"));
    }
    let text: Vec<String> = drawn.iter().map(|chain| format!("From {} to: {}.", chain.start, chain.impact)).collect();
    Some(canvas.finish(
        "chain-picture",
        (width, height + if more > 0 { 16 } else { 0 }),
        "The attack chains as a graph",
        &text.join(" "),
        alone,
    ))
}

fn draw(
    canvas: &mut Canvas,
    review: &Review,
    node: &Node,
    (x, y): (i32, i32),
    findings: &BTreeMap<&str, &Finding>,
    anchors: &BTreeMap<&str, String>,
) {
    let lines = |canvas: &mut Canvas, class: &str, from: i32, text: &str, count: usize| {
        let size = if class == "small" { 13 } else { bold(13) };
        for (at, line) in wrap(text, BOX.0 - 24, size, count).iter().enumerate() {
            canvas.text(class, (x + 13, from + i32::try_from(at).unwrap_or(0) * 17), line);
        }
    };
    match node {
        Node::Start(words) => {
            canvas.group(words);
            canvas.rect("start", (x + 1, y), (BOX.0 - 2, BOX.1), 10);
            lines(canvas, "small strong", y + 40, words, 3);
            canvas.end();
        }
        Node::Condition(text) => {
            canvas.group(text);
            canvas.rect("start", (x + 1, y), (BOX.0 - 2, BOX.1), 10);
            lines(canvas, "small", y + 26, text, 4);
            canvas.end();
        }
        Node::Loss(text) => {
            let worst = review.chains.iter().filter(|chain| chain.impact == *text).map(|chain| chain.severity).max();
            let severity = worst.map_or("low", plimsoll_model::Severity::word);
            canvas.group(text);
            canvas.rect(&format!("loss {severity}"), (x, y), (BOX.0, BOX.1), 10);
            lines(canvas, "on-loss", y + 26, text, 4);
            canvas.end();
        }
        Node::Join(_) => {
            canvas.circle("join", (x + BOX.0 / 2, y + JOIN / 2), JOIN / 2);
            canvas.text("letter", (x + BOX.0 / 2, y + JOIN / 2 + 4), "+");
        }
        Node::Finding(id) => {
            let anchor = anchors.get(id.as_str());
            if let Some(anchor) = anchor {
                canvas.out.push_str(&format!("<a href=\"#{anchor}\">"));
            }
            let finding = findings.get(id.as_str());
            let (title, severity, open) = finding.map_or((id.as_str(), "low", true), |finding| {
                (&finding.title, finding.severity.word(), finding.is_open())
            });
            canvas.group(&format!("{id}: {title}"));
            canvas.rect(if open { "box" } else { "start" }, (x, y), BOX, 8);
            canvas.rect(&format!("bar {severity}"), (x, y), (6, BOX.1), 3);
            canvas.text(
                &format!("word {severity}"),
                (x + 16, y + 20),
                &if open { severity.to_owned() } else { format!("{severity}, accepted") },
            );
            let lines = wrap(title, BOX.0 - 30, bold(13), 3);
            for (at, line) in lines.iter().enumerate() {
                canvas.text("small strong", (x + 16, y + 40 + i32::try_from(at).unwrap_or(0) * 17), line);
            }
            if review.cheapest_cut.findings.contains(id) {
                canvas.text("cut-word end", (x + BOX.0 - 10, y + 20), "cut here");
                canvas.path("cut-line", &format!("M{} {}v{}", x + BOX.0 + 3, y - 4, BOX.1 + 8));
            }
            canvas.end();
            if anchor.is_some() {
                canvas.out.push_str("</a>");
            }
        }
        Node::Way(..) => {}
    }
}
