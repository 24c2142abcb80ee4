//! Resolvers of GraphQL, each an entry point of its own.

use super::{pairs, reach};
use plimsoll_model::app::Reach;

#[test]
fn maps_of_resolvers_and_their_context() {
    let app = r#"
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import jwt from "jsonwebtoken";
import { db } from "./db.js";
const resolvers = {
  Query: {
    orders: async () => db.query("SELECT * FROM orders"),
    mine: async (_, args, { user }) => {
      if (!user) throw new Error("no");
      return db.query("SELECT * FROM orders WHERE owner = $1", [user.id]);
    },
  },
  Mutation: {
    removeOrder: async (_, { id }, context) => {
      if (context.user.role !== "admin") throw new Error("no");
      return db.query("DELETE FROM orders WHERE id = $1", [id]);
    },
  },
};
const server = new ApolloServer({ typeDefs, resolvers });
await startStandaloneServer(server, {
  context: async ({ req }) => ({ user: req.session.user }),
});
"#;
    let expected =
        [("Query.mine()", Reach::SignedIn), ("Query.orders()", Reach::Anyone), ("Mutation.removeOrder()", Reach::Role)];
    assert_eq!(reach(&[("server.js", app)]), pairs(&expected));
    // A context that refuses whoever has no valid token guards every resolver.
    let refusing = app.replace("req.session.user", "jwt.verify(req.headers.authorization, process.env.KEY)");
    assert!(reach(&[("server.js", &refusing)]).iter().all(|(_, reach)| *reach != Reach::Anyone));
}

#[test]
fn resolvers_as_methods() {
    let strawberry = r#"
import strawberry
from app.db import db
@strawberry.type
class Query:
    @strawberry.field
    def orders(self) -> list[str]:
        return db.execute("SELECT * FROM orders").fetchall()
    @strawberry.field(permission_classes=[IsAuthenticated])
    def wages(self, info) -> list[str]:
        return db.execute("SELECT * FROM wages").fetchall()
"#;
    let expected = [("Query.orders()", Reach::Anyone), ("Query.wages()", Reach::SignedIn)];
    assert_eq!(reach(&[("schema.py", strawberry)]), pairs(&expected));
    let graphene = r#"
import graphene
from app.db import db
class Query(graphene.ObjectType):
    orders = graphene.List(graphene.String)
    def resolve_orders(self, info):
        if not info.context.user.is_authenticated:
            raise Exception("no")
        return db.execute("SELECT * FROM orders").fetchall()
class RemoveOrder(graphene.Mutation):
    def mutate(self, info, id):
        db.execute("DELETE FROM orders WHERE id = ?", (id,))
"#;
    let expected = [("Query.orders()", Reach::SignedIn), ("Mutation.RemoveOrder()", Reach::Anyone)];
    assert_eq!(reach(&[("schema.py", graphene)]), pairs(&expected));
}
